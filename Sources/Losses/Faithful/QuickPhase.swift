internal import LossFunctions
internal import RealModule

/// A value in double with a bound of its error: the quick phase of Ziv's strategy, by which the faithful
/// forms go through millions of rows of the formats of at most 32 bits.
///
/// Where both ends of the enclosure round to the same number of a narrower format, so does the value in
/// double words, which lies between them; else the form computes that one, the accurate phase.
struct QuickValue {
  let value: Double
  let error: Double

  /// A value that is off by less than 2⁻⁴⁰ of the sum of its terms' magnitudes.
  ///
  /// The argument of the exponential, a difference of at most 700, is off by 2⁻⁵³ of itself, thus the
  /// exponential by 2⁻⁴³; the elementary functions are taken to be off by at most 2⁻⁴² of theirs, where
  /// the C libraries claim an ulp or two.
  init(_ value: Double, terms: Double) {
    self.value = value
    error = terms * 0x1p-40
  }

  private init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  var negated: QuickValue { QuickValue(value: -value, error: error) }

  /// The number that everything within the error rounds to; nil where there is more than one.
  @inline(__always)
  func rounded<Number: LossScalar>(to _: Number.Type) -> Number? {
    // Else it might be a zero of either sign; or something is infinite or NaN.
    guard value.magnitude > error else { return nil }
    let number = Number(value - error)
    return Number(value + error) == number ? number : nil
  }
}

extension QuickValue {
  /// e^(−d) for d ≥ 0. Beyond 700 it makes nothing in a format of at most 32 bits but the sign of what
  /// underflows.
  fileprivate static func exponential(_ difference: Double) -> Double {
    .exp(difference > 700 ? -700 : -difference)
  }

  /// |z|·c + log1p(e^(−|z|)), see `FaithfulBinary`.
  static func loss(logit z: Double, target y: Double) -> QuickValue {
    let (head, tail) = (
      z.magnitude * wrongShare(z, y), Double.log(onePlus: exponential(z.magnitude))
    )
    return QuickValue(head + tail, terms: head.magnitude + tail)
  }

  /// ±(c − w/(1 + w)), see `FaithfulBinary`.
  static func gradient(logit z: Double, target y: Double) -> QuickValue {
    let (share, w) = (wrongShare(z, y), exponential(z.magnitude))
    let probability = w / (1 + w)
    let difference = share - probability
    return QuickValue(z < 0 ? -difference : difference, terms: share.magnitude + probability)
  }

  private static func wrongShare(_ z: Double, _ y: Double) -> Double { z < 0 ? y : 1 - y }
}

/// The quick phase for rows, see `FaithfulCategorical`: of targets that are not negative, so that sums
/// are of terms of one sign.
struct QuickRow {
  private let function: LossFunction
  /// e^(xᵢ − m).
  private var terms: [Double]

  init(_ function: LossFunction, classCount: Int) {
    self.function = function
    terms = Array(repeating: 0, count: classCount)
  }

  /// Writes the outputs for a finite row and target, as numbers of a format of at most 32 bits.
  ///
  /// - Returns: Whether it decides them all; else they are to be written anew.
  mutating func fill<Number: LossScalar>(
    _ outputs: UnsafeMutableBufferPointer<Double>, _ x: [Double], _ y: [Double],
    roundedTo _: Number.Type
  ) -> Bool {
    // The additions of so many terms lose less than their exponentials, 2⁻⁵³ of the sum each.
    guard x.count <= 1024, y.allSatisfy({ $0 >= 0 }) else { return false }
    return terms.withUnsafeMutableBufferPointer { [function] terms in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { Self.fill(function, outputs, x, $0, terms, Number.self) }
      }
    }
  }

  private static func fill<Number: LossScalar>(
    _ function: LossFunction, _ outputs: UnsafeMutableBufferPointer<Double>,
    _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>,
    _ terms: UnsafeMutableBufferPointer<Double>, _: Number.Type
  ) -> Bool {
    var greatest = 0
    for index in x.indices where x[index] > x[greatest] { greatest = index }
    let maximum = x[greatest]
    var (sum, head, others) = (0.0, 0.0, 0.0)
    for index in x.indices where index != greatest {
      terms[index] = QuickValue.exponential(maximum - x[index])
      sum += terms[index]
      head += y[index] * (maximum - x[index])
      others += y[index]
    }
    let (total, one) = (others + y[greatest], 1 + sum)
    let logarithm = function == .softmax || function.isGradient ? 0 : Double.log(onePlus: sum)
    for index in outputs.indices {
      let quick: QuickValue
      switch function {
      case .logSumExp:
        quick = QuickValue(maximum + logarithm, terms: maximum.magnitude + logarithm)
      case .crossEntropy:
        quick = QuickValue(head + total * logarithm, terms: head + total * logarithm)
      case .logSoftmax:
        let loss = (maximum - x[index]) + logarithm
        quick = QuickValue(-loss, terms: loss)
      case .softmax:
        let probability = (index == greatest ? 1 : terms[index]) / one
        quick = QuickValue(probability, terms: probability)
      default:
        let target = index == greatest ? others : y[index]
        let share = total * (index == greatest ? sum : terms[index]) / one
        let difference = index == greatest ? target - share : share - target
        quick = QuickValue(difference, terms: target + share)
      }
      guard let number = quick.rounded(to: Number.self) else { return false }
      outputs[index] = number.double
    }
    return true
  }
}
