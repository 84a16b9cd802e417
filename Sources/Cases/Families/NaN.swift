internal import FloatFormats
internal import LossFunctions

extension Family {
  /// A NaN among the logits: it must come through. What breaks is a maximum by `>`, which passes
  /// over NaN, and a clip, which makes a number of it.
  public static let nan = Family(
    name: "nan", purpose: "NaN among the logits, which must not be lost", hasSpecialValues: true,
    suits: { $0.input == .logits }
  ) { draft in
    draft.drawTarget()
    let nan = draft.encoding(.nan)
    let position = draft.choices.integer(in: 0...draft.logitCount - 1)
    draft.drawLogits { draft in
      if draft.logits.count == position { return nan }
      switch draft.choices.choice(below: 8) {
      case 7: return nan
      case 6 where draft.format.specials == .ieee:
        return draft.infinity(isNegative: draft.choices.choice(below: 2) == 0)
      default: return draft.wholeNumber(within: 16)
      }
    }
  }
}
