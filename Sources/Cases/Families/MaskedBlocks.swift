extension Family {
  /// Rows that begin with a masked block of 1,024 to 65,536 classes. What breaks is a running maximum
  /// that is −∞ when the first block has been read, and a sum that is scaled by e^(−∞ − −∞).
  public static let maskedBlocks = Family(
    name: "masked-blocks", purpose: "rows whose first 1,024 to 65,536 classes are masked",
    hasSpecialValues: true, classCounts: blocks.map { $0 + $0 / 8 }, count: 2 * blocks.count
  ) { draft, _ in
    let masked = draft.logitCount / 9 * 8
    let live = draft.logitCount - masked
    draft.target(label: masked + draft.choices.integer(in: 0...max(live - 1, 0)))
    let value = draft.maskValue()
    draft.drawLogits { draft in
      draft.logits.count < masked ? value : draft.number(2 * draft.choices.steppedNormal())
    }
  }

  private static let blocks = (10...16).map { 1 << $0 }
}
