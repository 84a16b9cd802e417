internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Equal logits: all of them, or the greatest several, with the target among them or not, zeros of
  /// both signs. The exact softmax is rational there, 1/n and the like, and argmax is not unique.
  public static let ties = Family(
    name: "ties", purpose: "equal logits, all or the greatest ones, and zeros of both signs"
  ) { choices, shape in
    let isZero = choices.oneIn(4)
    let shared = isZero ? FloatValue.zero : shape.number(8 * choices.normal())
    let areAllEqual = choices.oneIn(2)
    let below = (0..<shape.logitCount).map { _ in -choices.unitInterval() * 16 }
    var logits = below.map { difference -> FloatValue in
      if areAllEqual || choices.oneIn(3) { return shared }
      return shape.number(shared.double + difference)
    }
    if isZero { logits = logits.map { $0.isZero && choices.isNegative() ? $0.negated : $0 } }
    return LossInput(logits: logits, target: shape.target(&choices))
  }
}
