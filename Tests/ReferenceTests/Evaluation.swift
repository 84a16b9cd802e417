import FloatFormats
import LossFunctions
import Multiprecision
import Reference

// How the tests call the reference: with doubles in and correctly rounded values out.

/// The outputs of a function, rounded.
func values(
  _ function: LossFunction, _ logits: [Double], _ target: Target = .none,
  options: LossOptions = LossOptions(), in format: FloatFormat = .float64,
  _ direction: RoundingDirection = .nearestEven
) throws -> [FloatValue] {
  let input = LossInput(logits: logits.map { FloatValue($0) }, target: target)
  return try Reference().evaluate(
    function, input, options: options, in: format, rounding: direction
  ).map(\.value)
}

/// The single output of a function, rounded.
func value(
  _ function: LossFunction, _ logits: [Double], _ target: Target = .none,
  options: LossOptions = LossOptions(), in format: FloatFormat = .float64,
  _ direction: RoundingDirection = .nearestEven
) throws -> FloatValue {
  try values(function, logits, target, options: options, in: format, direction)[0]
}

/// A target of probabilities.
func soft(_ probabilities: Double...) -> Target {
  .probabilities(probabilities.map { FloatValue($0) })
}

extension LossOptions {
  /// Options with some of them set.
  static func with(_ change: (inout LossOptions) -> Void) -> LossOptions {
    var options = LossOptions()
    change(&options)
    return options
  }

  /// What stands before a function.
  static func before(
    scale: Double? = nil, softcap: Double? = nil, bias: [Double]? = nil, temperature: Double? = nil
  ) -> LossOptions {
    .with {
      $0.scale = scale.map { FloatValue($0) }
      $0.softcap = softcap.map { FloatValue($0) }
      $0.logitBias = bias.map { $0.map { FloatValue($0) } }
      $0.temperature = temperature.map { FloatValue($0) }
    }
  }
}
