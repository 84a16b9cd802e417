internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Two rows that are all but the same: equal, shifted by one number, a few ulps apart in one class or in all, of the
  /// same numbers in another order. What is left of a divergence is of the second order in their differences; what
  /// breaks subtracts two sums of logarithms, and is negative or nothing but roundings.
  public static let nearlyEqualRows = Family(
    name: "nearly-equal-rows",
    purpose: "two rows that are equal, shifted, or a few ulps apart",
    suits: { $0.function.comparesLogits }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 5)
    let place = draft.anyClass()
    let scale = draft.choices.element(of: [1.0, 8, 0.0625])
    draft.drawLogits { $0.number(scale * $0.choices.steppedNormal()) }
    var index = 0
    let shift = Double(draft.choices.integer(within: 64))
    draft.targetLogits { draft, logit in
      defer { index += 1 }
      switch kind {
      case 0: return logit
      case 1: return draft.number(draft.double(logit) + shift)
      case 2: return index == place ? draft.neighbour(of: logit, within: 8) : logit
      case 3: return draft.neighbour(of: logit, within: 8)
      default: return draft.logits[draft.logits.count - 1 - index]
      }
    }
  }

  /// Two rows that are sure of different classes, or one that is sure beside one of which all logits are equal: the
  /// logarithm of a probability that has underflowed counts, times one that is 1.
  public static let opposedRows = Family(
    name: "opposed-rows",
    purpose: "two rows that are sure of different classes, or one beside an even one",
    suits: { $0.function.comparesLogits }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 4)
    let (first, second) = (draft.anyClass(), draft.anyClass())
    let lead = draft.choices.element(of: [16.0, 40, 100, 200, 1000, 10_000])
    draft.drawLogits { draft in
      let number = draft.choices.steppedNormal()
      return draft.number(draft.logits.count == first && kind != 3 ? number + lead : number)
    }
    var index = 0
    let even = draft.number(draft.choices.steppedNormal())
    draft.targetLogits { draft, _ in
      defer { index += 1 }
      if kind == 2 { return even }
      let number = draft.choices.steppedNormal()
      return draft.number(index == (kind == 1 ? first : second) ? number + lead : number)
    }
  }

  /// Masked classes of both rows, of the target alone, or of the row alone, where the divergence is infinite: a masked
  /// class of the target counts nothing, 0·∞ and ∞ − ∞ on the way or not.
  public static let maskedTargetLogits = Family(
    name: "masked-target-logits",
    purpose: "masked classes of both rows, of the target, or of the row alone",
    hasSpecialValues: true, suits: { $0.function.comparesLogits }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 4)
    let kept = draft.anyClass()
    let value = draft.maskValue()
    let masksRow = kind != 1
    draft.drawLogits { draft in
      let isMasked = masksRow && draft.choices.oneIn(3) && draft.logits.count != kept
      return isMasked ? value : draft.number(4 * draft.choices.steppedNormal())
    }
    var index = 0
    let logits = draft.logits
    var made: [Encoding] = []
    for logit in logits {
      defer { index += 1 }
      let isMasked =
        switch kind {
        case 0: logit == value
        case 1: draft.choices.oneIn(3) && index != kept
        case 2: false
        default: logit == value || draft.choices.oneIn(4) && index != kept
        }
      made.append(isMasked ? value : draft.number(4 * draft.choices.steppedNormal()))
    }
    draft.target(logits: made)
  }

  /// Soft labels as a teacher's logits, near those of the row or unlike them.
  public static let softLabelsFromLogits = Family(
    name: "soft-labels-from-logits",
    purpose: "soft labels that are given as logits, near those of the row or unlike them",
    suits: { $0.function == .crossEntropy || $0.function == .crossEntropyGradient }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 3)
    let scale = draft.choices.element(of: [1.0, 8])
    draft.drawLogits { $0.number(scale * $0.choices.steppedNormal()) }
    draft.targetLogits { draft, logit in
      switch kind {
      case 0: draft.neighbour(of: logit, within: 4)
      case 1: draft.number(draft.double(logit) + draft.choices.steppedNormal() / 4)
      default: draft.number(scale * draft.choices.steppedNormal())
      }
    }
  }
}
