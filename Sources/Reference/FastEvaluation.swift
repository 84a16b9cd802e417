internal import FastTier
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The fast tier of `Reference.evaluate`.
enum FastEvaluation {
  /// The outputs at a valid input; nil where the tier does not serve the call, or leaves a value
  /// undecided.
  ///
  /// It serves hard labels without options, rounding to nearest, and float64 or at most 51 bits.
  static func evaluate(
    _ function: LossFunction, _ input: LossInput, _ options: LossOptions,
    _ format: FloatFormat, _ direction: RoundingDirection
  ) -> [CertifiedValue]? {
    guard direction == .nearestEven, options.present.isEmpty,
      format == .float64 || format.precision <= 51
    else { return nil }
    let label: Int?
    switch input.target {
    case .none: label = nil
    case .index(let index): label = index
    case .probabilities(let probabilities):
      guard function.isBinary, let y = probabilities.first, y.isZero || y == .one else {
        return nil
      }
      label = y.isZero ? 0 : 1
    }
    guard let outputs = WideTier(function).approximate(input.logits, label: label) else {
      return nil
    }
    var values: [CertifiedValue] = []
    values.reserveCapacity(outputs.count)
    for output in outputs {
      guard let rounded = output.rounded(to: format) else { return nil }
      values.append(
        CertifiedValue(
          value: rounded.value, approximation: rounded.approximation,
          ulpExponent: rounded.ulpExponent, workingPrecision: WideTier.precision,
          ground: .lindemannWeierstrass))
    }
    return values
  }
}
