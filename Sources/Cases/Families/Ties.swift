extension Family {
  /// Equal logits: all of them, or groups of them, with the target among the greatest or not, and
  /// zeros of both signs. The exact softmax is rational there, 1/n and the like, and argmax is not
  /// unique: what breaks is code that takes "the" maximum out of a sum, or compares with it.
  ///
  /// A binary logit ties with the 0 of the other class, so it is a zero of either sign.
  public static let ties = Family(
    name: "ties", purpose: "equal logits, all or in groups, and zeros of both signs"
  ) { draft in
    draft.drawTarget()
    // With one level all logits are equal.
    var levels: InlineArray<4, Encoding> = [draft.isBinary ? 0 : draft.tiedNumber(), 0, 0, 0]
    var count = 1
    for _ in 0..<draft.choices.choice(below: 4) where !draft.isBinary {
      let below = draft.double(levels[count - 1]) - draft.choices.magnitude(below: 8)
      levels[count] = draft.number(below)
      count += 1
    }
    draft.drawLogits { draft in
      let level = levels[Int(draft.choices.choice(below: UInt64(count)))]
      return draft.isZero(level) ? draft.signed(level) : level
    }
  }
}

extension CaseDraft {
  /// What tied logits share: 0, a whole number, or any number of the format.
  fileprivate mutating func tiedNumber() -> Encoding {
    switch choices.choice(below: 4) {
    case 0: 0
    case 1: wholeNumber(within: 16)
    case 2: number(8 * choices.steppedNormal())
    default: anyNumber()
    }
  }
}
