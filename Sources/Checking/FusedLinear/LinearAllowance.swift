internal import FloatFormats
package import Interchange
package import LossFunctions

/// What the usual fused form is off by: the logits by a product in float32 with tree sums, of which the roundings
/// add up as the root of their number, the loss and the gradients by a few roundings in float32 more. A derivative
/// p − 1 of a label is off by roundings of 1 and of the logits in p's exponent, however small it is.
package struct LinearAllowance {
  private let quantity: LinearQuantity
  private let isReduced: Bool
  private let width: Int
  /// What each row's logits may be off by.
  package let logitErrors: [Double]
  /// The same of a reduced loss.
  private let reducedError: Double
  /// By how much more than a logit a loss may be off.
  private let lossFactor: Double
  /// The greatest magnitude of each feature, of the weights or of the hidden rows; for a bias 1.
  private let magnitudes: [Double]
  /// What the factors of each row, or class, may be off by.
  private let factorErrors: [Double]

  private static let unitRoundoff = 0x1p-24

  package init(
    _ quantity: LinearQuantity, _ input: LinearInput, options: LossOptions, reduction: Reduction
  ) {
    self.quantity = quantity
    isReduced = reduction != .none
    width = quantity == .biasGradient ? 1 : input.width
    func norms(_ numbers: [Float]) -> [Double] {
      stride(from: 0, to: numbers.count, by: input.width).map { start in
        numbers[start..<start + input.width].reduce(0.0) { $0 + Double($1) * Double($1) }
          .squareRoot()
      }
    }
    let u = Self.unitRoundoff
    let weightNorm = norms(input.weight).max() ?? 0
    let bias = (input.bias ?? []).reduce(0.0) { $1.isFinite ? max($0, Double($1.magnitude)) : $0 }
    let rounding = 2 * u * (Double(input.width).squareRoot() + 4)
    // What stands before the loss makes errors of the logits greater or less, a scale and a temperature alone as
    // many times; a soft cap rounds once more what is below it.
    let factor = (options.scale?.double ?? 1) / (options.temperature?.double ?? 1)
    let cap = options.softcap.map { $0.double / (options.temperature?.double ?? 1) }
    let errors = norms(input.hidden).map { norm in
      let error = rounding * (norm * weightNorm + bias) * factor
      return cap.map { min(error, 2 * $0) + 8 * u * $0 } ?? error
    }
    let greatest = errors.max() ?? 0
    logitErrors = errors
    reducedError = reduction == .sum ? errors.reduce(0, +) : greatest
    let masses =
      quantity == .loss && options.zLoss == nil
      ? nil : LinearMasses(input, options: options, reduction: reduction)
    // By what a loss is off for a logit's error.
    let greatestWeight = options.classWeights?.map(\.double).max() ?? 1
    let ofSquare = 2 * (options.zLoss?.double ?? 0) * (masses?.logSumExps.max() ?? 0)
    let share = reduction == .mean ? input.shareOfMean(options) : (max(1, greatestWeight), 1)
    lossFactor = share.0 + share.1 * ofSquare
    guard quantity != .loss, let masses else {
      (magnitudes, factorErrors) = ([], [])
      return
    }
    // A derivative p − 1 is off by roundings of 1; and 1 − tanh² of a cap, too, and by the error in its argument.
    func labelError(_ row: Int) -> Double { (4 * u + 2 * errors[row]) * masses.scales[row] }
    let slopeTerms = cap == nil ? 0 : 8 * u
    func inSlope(_ error: Double) -> Double { cap.map { 2 * error / $0 } ?? 0 }
    if quantity == .hiddenGradient {
      let terms = 2 * u * (Double(input.classCount).squareRoot() + 8)
      factorErrors = masses.rows.enumerated().map { row, mass in
        mass * (4 * errors[row] + inSlope(errors[row]) + terms)
          + masses.unslopedRows[row] * slopeTerms + (mass > 0 ? labelError(row) : 0)
      }
    } else {
      let terms = 2 * u * (Double(input.rowCount).squareRoot() + 8)
      var labels = [Double](repeating: 0, count: input.classCount)
      for (row, label) in input.labels.enumerated() where labels.indices.contains(Int(label)) {
        labels[Int(label)] += labelError(row)
      }
      factorErrors = masses.classes.enumerated().map { index, mass in
        mass * (4 * greatest + inSlope(greatest) + terms)
          + masses.unslopedClasses[index] * slopeTerms + labels[index]
      }
    }
    let matrix = quantity == .weightGradient ? input.hidden : input.weight
    var magnitudes = [Double](repeating: quantity == .biasGradient ? 1 : 0, count: width)
    if quantity != .biasGradient {
      for (place, number) in matrix.enumerated() {
        magnitudes[place % width] = max(magnitudes[place % width], Double(number.magnitude))
      }
    }
    self.magnitudes = magnitudes
  }

  /// What an output may be off by, in ulps.
  package func ulps(at place: Int, exact: Double, ulpExponent: Int) -> Double {
    let allowed: Double
    if quantity == .loss {
      let error = isReduced ? reducedError : logitErrors[place]
      allowed =
        2 * error * lossFactor + 8 * Self.unitRoundoff
        * ((exact.isFinite ? exact.magnitude : 0) + min(1, lossFactor))
    } else {
      allowed = factorErrors[place / width] * magnitudes[place % width]
    }
    return 1
      + Double(sign: .plus, exponent: -max(min(ulpExponent, 900), -900), significand: allowed)
  }
}
