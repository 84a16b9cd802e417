internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The fast tier of the reference, for hard labels without options.
struct FastEvaluation: Sendable {
  private let tier: WideTier
  private let logits: [FloatValue]
  private let label: Int?

  /// - Parameter input: A valid one.
  /// - Returns: nil where the tier does not serve it.
  init?(_ function: LossFunction, _ input: LossInput, _ options: LossOptions) {
    guard options.present.isEmpty else { return nil }
    switch input.target {
    case .none: label = nil
    case .index(let index): label = index
    case .probabilities(let probabilities):
      guard function.isBinary, let y = probabilities.first, y.isZero || y == .one else {
        return nil
      }
      label = y.isZero ? 0 : 1
    }
    tier = WideTier(function)
    logits = input.logits
  }

  /// The outputs; nil where one is undecided, and for other directions than to nearest and formats that
  /// are neither float64 nor of at most 51 bits.
  func rounded(to format: FloatFormat, _ direction: RoundingDirection) -> [CertifiedValue]? {
    guard direction == .nearestEven, format == .float64 || format.precision <= 51,
      let outputs = tier.approximate(logits, label: label)
    else { return nil }
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
