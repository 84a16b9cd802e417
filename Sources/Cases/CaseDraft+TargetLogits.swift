internal import FloatFormats
internal import LossFunctions

// The second row of logits of the functions that compare two.

extension CaseDraft {
  /// Draws the logits of the target where there can be no other, and the family has said nothing of them: those of the
  /// row, shifted, a few ulps off, reversed, or others that may lead elsewhere.
  mutating func drawTargetLogits() {
    guard shape.function.comparesLogits, targetKind == .none else { return }
    switch choices.choice(below: 6) {
    case 0: otherTargetLogits(scale: 1)
    case 1: targetLogits { $0.number($0.double($1) + $0.choices.steppedNormal() / 16) }
    case 2: otherTargetLogits(scale: 8)
    case 3: target(logits: logits.reversed())
    case 4: targetLogits { $0.neighbour(of: $1, within: 4) }
    default:
      let shift = 8 * choices.steppedNormal()
      targetLogits { $0.number($0.double($1) + shift) }
    }
  }

  /// Numbers that are unlike the row, of which that of the label stands out at times.
  private mutating func otherTargetLogits(scale: Double) {
    let isLed = choices.oneIn(2)
    let leading = label
    var index = 0
    targetLogits { draft, _ in
      defer { index += 1 }
      let number = scale * draft.choices.steppedNormal()
      return draft.number(isLed && index == leading ? number + 8 * scale : number)
    }
  }

  /// A logit for each of the row's, made from it; of one that is infinite or NaN the same.
  mutating func targetLogits(_ make: (inout CaseDraft, Encoding) -> Encoding) {
    var made: [Encoding] = []
    for logit in logits {
      made.append(logit & ~signBit > greatest ? logit : make(&self, logit))
    }
    target(logits: made)
  }
}
