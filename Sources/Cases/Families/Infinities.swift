internal import FloatFormats

extension Family {
  /// Infinite logits: masked classes of −∞, the target among them or not, rows of −∞ alone, and +∞
  /// once or more. ∞ − ∞ and 0 · ∞ make NaN where a limit exists. Formats without infinities have
  /// no such cases.
  public static let infinities = Family(
    name: "infinities", purpose: "infinite logits: masked classes, rows of -inf, and +inf",
    hasSpecialValues: true, suits: { $0.format.specials == .ieee }
  ) { draft in
    draft.drawTarget()
    // One infinity, several of them, or a row of nothing else; mostly −∞.
    let position = draft.choices.integer(in: 0...draft.logitCount - 1)
    let share = draft.choices.integer(in: 0...2)
    let hasPositive = draft.choices.choice(below: 4) == 3
    draft.drawLogits { draft in
      let isOther = draft.logits.count != position && share < 2
      if isOther, share == 0 || draft.choices.choice(below: 3) < 2 {
        return draft.wholeNumber(within: 16)
      }
      let isPositive = hasPositive && draft.choices.choice(below: 2) == 1
      return draft.infinity(isNegative: !isPositive)
    }
  }
}
