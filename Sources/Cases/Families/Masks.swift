internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Masked classes, as of padding and of causal attention: about 30 % of a row, all but one, or its
  /// end or beginning, at −∞, the least number, −10⁴ or −10⁹. What breaks is a mask that counts, one
  /// that is added and overflows, and ∞ − ∞. Mostly the target is not masked.
  public static let masks = Family(
    name: "masks", purpose: "masked classes: -inf, the least number, -1e4 or -1e9",
    hasSpecialValues: true, suits: { !$0.function.isBinary }
  ) { draft in
    draft.drawTarget()
    let masksTarget = draft.choices.choice(below: 8) == 7
    let value = draft.maskValue()
    let pattern = draft.choices.choice(below: 4)
    let place = draft.anyClass()
    draft.drawLogits { draft in
      let index = draft.logits.count
      let isMasked =
        switch pattern {
        case 0: draft.choices.choice(below: 10) >= 7
        case 1: index > place
        case 2: index < place
        default: index != place
        }
      let keepsTarget = draft.targetKind == .index && index == draft.label && !masksTarget
      return isMasked && !keepsTarget ? value : draft.number(4 * draft.choices.steppedNormal())
    }
  }
}

extension CaseDraft {
  /// What masks put in the place of a logit: −∞, the least number, −10⁴ or −10⁹, or what is nearest
  /// to these.
  mutating func maskValue() -> Encoding {
    let least = signBit | greatest
    let infinity = format.specials == .ieee ? infinity(isNegative: true) : least
    let values = [infinity, least, number(-10_000), number(-1_000_000_000)]
    return choices.element(of: values)
  }
}
