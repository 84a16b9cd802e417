internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Confident and right, as trained models are: the target leads by 5 to 45. The exact loss is tiny
  /// but far from underflow; what is computed from 1 + e^(−gap), or from 1 − p, has lost it.
  public static let confident = Family(
    name: "confident", purpose: "confident and right: the target leads by 5 to 45"
  ) { choices, shape in
    let gap = 5 + 40 * choices.unitInterval()
    if shape.function.isBinary {
      let isPositive = !choices.isNegative()
      let target: Target =
        shape.function.hasTarget ? .probabilities([isPositive ? .one : .zero]) : .none
      return LossInput(logits: [shape.number(isPositive ? gap : -gap)], target: target)
    }
    let others = (0..<shape.logitCount).map { _ in choices.normal() }
    let label = choices.integer(in: 0...shape.logitCount - 1)
    let leader = gap + (others.max() ?? 0)
    let logits = others.indices.map { shape.number($0 == label ? leader : others[$0]) }
    return LossInput(logits: logits, target: shape.function.hasTarget ? .index(label) : .none)
  }
}
