internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

// What families have in common: rounding to the format, and targets.

extension CaseShape {
  /// The number of the format nearest to `value`; of the greatest magnitude where that overflows.
  func number(_ value: Double) -> FloatValue {
    let rounded = format.rounded(FloatValue(value), .nearestEven)
    guard !rounded.isFinite, value.isFinite else { return rounded }
    return value < 0 ? format.greatestFinite.negated : format.greatestFinite
  }

  /// A target such as training sets have: a class, each as likely; for the binary functions a hard
  /// label seven times in eight, else a soft one.
  func target(_ choices: inout ChoiceSource) -> Target {
    guard function.hasTarget else { return .none }
    guard function.isBinary else {
      return .index(choices.integer(in: 0...logitCount - 1))
    }
    let isSoft = choices.oneIn(8)
    let value = isSoft ? choices.unitInterval() : Double(choices.choice(below: 2))
    return .probabilities([number(value)])
  }

  /// A case of logits drawn one by one, and a target.
  func input(
    _ choices: inout ChoiceSource, logit: (inout ChoiceSource) -> FloatValue
  ) -> LossInput {
    let logits = (0..<logitCount).map { _ in logit(&choices) }
    return LossInput(logits: logits, target: target(&choices))
  }
}
