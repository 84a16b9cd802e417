internal import FloatFormats
internal import LossFunctions

extension Family {
  /// `grad_output` as no test has it: of both signs, huge, tiny and subnormal, 0, one class alone, a loss scale of 2¹⁶.
  /// The logits are normal, or eight times as far. What breaks leaves it out, takes it for 1 or for positive, or
  /// multiplies by it where the product overflows on the way.
  public static let gradOutputs = Family(
    name: "grad-outputs",
    purpose:
      "grad_output of both signs, huge, tiny, subnormal, 0, of one class alone, a loss scale",
    suits: { [.row, .classes].contains($0.gradOutputKind) }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 8)
    let place = draft.anyClass()
    let scale = draft.choices.element(of: [1.0, 8])
    draft.drawLogits { $0.number(scale * $0.choices.steppedNormal()) }
    draft.gradOutput(each: { draft in
      switch kind {
      case 0: draft.signed(draft.one)
      case 1: draft.isBinary || draft.gradOutput.count == place ? draft.signed(draft.one) : 0
      case 2: draft.hugeNumber()
      case 3: draft.subnormalNumber()
      case 4: draft.number(65_536 * draft.choices.steppedNormal())
      case 5: draft.choices.oneIn(3) ? draft.anyNumber() : 0
      default: draft.anyNumber()
      }
    })
  }

  /// `grad_output` that sums and differences of it take away: the same number in all classes, up to a few steps off,
  /// two that are opposite, a sum of 0, beside masked classes too. What is left is what counts: gᵢ − Σ pⱼgⱼ of a
  /// softmax, gᵢ − pᵢ Σ gⱼ of a log-softmax.
  public static let cancellingGradOutputs = Family(
    name: "cancelling-grad-outputs",
    purpose: "grad_output of which little is left: all alike, a few ulps apart, sums of 0",
    hasSpecialValues: true, suits: { $0.gradOutputKind == .classes }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 4)
    let shared =
      draft.choices.oneIn(4) ? draft.anyNumber() : draft.number(draft.choices.steppedNormal())
    let hasTies = draft.choices.oneIn(3)
    let isMasked = draft.choices.oneIn(4)
    let scale = draft.choices.element(of: [1.0, 8, 64])
    draft.drawLogits { draft in
      if isMasked, draft.logits.count > 0, draft.choices.oneIn(3) { return draft.maskValue() }
      if hasTies, let last = draft.logits.first, draft.choices.oneIn(2) { return last }
      return draft.number(scale * draft.choices.steppedNormal())
    }
    draft.gradOutput(each: { draft in
      switch kind {
      case 0: shared
      case 1: draft.neighbour(of: shared, within: 4)
      case 2: draft.signed(shared)
      default: draft.gradOutput.count.isMultiple(of: 2) ? shared : draft.negated(shared)
      }
    })
  }

  /// Infinite and NaN numbers in `grad_output`, as of a loss that has overflowed: 0·∞ and ∞ − ∞ are NaN, and all else is
  /// an infinity.
  public static let specialGradOutputs = Family(
    name: "special-grad-outputs", purpose: "infinite and NaN numbers in grad_output",
    hasSpecialValues: true,
    suits: {
      [.row, .classes].contains($0.gradOutputKind) && $0.format.specials == .ieee
    }
  ) { draft in
    draft.drawTarget()
    let kind = draft.choices.choice(below: 3)
    let place = draft.anyClass()
    draft.drawLogits { draft in
      draft.choices.oneIn(6) ? draft.maskValue() : draft.number(4 * draft.choices.steppedNormal())
    }
    draft.gradOutput(each: { draft in
      if draft.isBinary || draft.gradOutput.count == place || (kind > 0 && draft.choices.oneIn(3)) {
        return kind == 2 && draft.choices.oneIn(2)
          ? draft.encoding(.nan) : draft.infinity(isNegative: draft.choices.isNegative())
      }
      return draft.number(draft.choices.steppedNormal())
    })
  }
}
