internal import FloatFormats
internal import LossFunctions

// Rows of probabilities: what a sigmoid or a softmax makes of the logits of the families, rounded to the
// format as a last layer hands it over.

extension CaseDraft {
  /// Makes of what was drawn what the shape asks for.
  mutating func finish() {
    drawTargetLogits()
    drawGradOutput()
    switch shape.input {
    case .logits: return
    case .probabilities:
      guard !holdsProbabilities else { return }
      replaceNumbers(probabilities(of: logits.map { double($0) }))
    case .logProbabilities:
      let numbers = logits.map { double($0) }
      replaceNumbers(
        holdsProbabilities ? numbers.map { Series.logarithm($0) } : logarithms(of: numbers))
    }
  }

  private mutating func replaceNumbers(_ numbers: [Double]) {
    for (index, number) in numbers.enumerated() {
      logits[index] = number.isFinite ? self.number(number) : encoding(FloatValue(number))
    }
  }

  /// The sigmoid of the one number, or the softmax; the limits where numbers are infinite, and else NaN.
  private func probabilities(of x: [Double]) -> [Double] {
    if isBinary { return x.map(Series.sigmoid) }
    guard let terms = Terms(x) else { return x.map { _ in .nan } }
    return terms.powers.map { $0 / terms.sum }
  }

  /// Their logarithms, which keep their digits.
  private func logarithms(of x: [Double]) -> [Double] {
    if isBinary {
      return x.map { min($0, 0) - Series.logarithm(onePlus: Series.power(-$0.magnitude)) }
    }
    guard let terms = Terms(x) else { return x.map { _ in .nan } }
    guard terms.greatest.isFinite else { return terms.powers.map { $0 == 1 ? 0 : -.infinity } }
    let logarithm = Series.logarithm(terms.sum)
    return x.map { ($0 - terms.greatest) - logarithm }
  }

  /// e^(x − max) of a row that has a softmax.
  private struct Terms {
    let greatest: Double
    let powers: [Double]
    let sum: Double

    init?(_ x: [Double]) {
      guard !x.contains(where: \.isNaN), let greatest = x.max(), greatest > -.infinity else {
        return nil
      }
      self.greatest = greatest
      powers = x.map { $0 == greatest ? 1 : Series.power($0 - greatest) }
      sum = powers.reduce(0, +)
      if greatest == .infinity, sum > 1 { return nil }
    }
  }
}

/// Elementary functions out of additions, multiplications and divisions alone, to a few ulps: the same on
/// every platform, as cases have to be.
private enum Series {
  private static let log2 = 0.693_147_180_559_945_3

  /// e^x for x ≤ 0.
  static func power(_ x: Double) -> Double {
    guard x > -750 else { return 0 }
    let exponent = (x / log2).rounded()
    // log 2 in two parts, the first of so few bits that its product is exact.
    let rest = (x - exponent * 0.693_147_180_369_123_8) - exponent * 1.908_214_929_270_587_7e-10
    var sum = 1.0
    for k in stride(from: 14.0, through: 1, by: -1) { sum = 1 + rest / k * sum }
    return Double(sign: .plus, exponent: Int(exponent), significand: sum)
  }

  static func sigmoid(_ z: Double) -> Double {
    guard !z.isNaN else { return z }
    let power = power(-z.magnitude)
    return (z < 0 ? power : 1) / (1 + power)
  }

  /// log(1 + y) for y from 0 to 1.
  static func logarithm(onePlus y: Double) -> Double {
    y.isNaN ? y : 2 * inverseTangent(y / (2 + y))
  }

  /// log x for x ≥ 0.
  static func logarithm(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return x == 0 ? -.infinity : x }
    var (exponent, significand) = (Double(x.exponent), x.significand)
    if significand > 1.5 { (exponent, significand) = (exponent + 1, significand / 2) }
    return exponent * log2 + 2 * inverseTangent((significand - 1) / (significand + 1))
  }

  /// artanh t for |t| ≤ 1/3.
  private static func inverseTangent(_ t: Double) -> Double {
    let square = t * t
    var sum = 0.0
    for k in stride(from: 35.0, through: 1, by: -2) { sum = 1 / k + square * sum }
    return t * sum
  }
}
