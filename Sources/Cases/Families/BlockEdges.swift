extension Family {
  /// Numbers of classes about the powers of two, and of each remainder by 8: where a row ends within a
  /// block, with a block, or just after one. A class leads that stands at an end of the row, so that it
  /// shows when one is left out, read twice, or read beyond the row.
  public static let blockEdges = Family(
    name: "block-edges", purpose: "as many classes as a block has, one more, one less, and mod 8",
    classCounts: sizes, count: sizes.count
  ) { draft, _ in
    draft.drawEndLabel()
    let last = draft.logitCount - 1
    let places = [last, last - last % 8, max(last - last % 8 - 1, 0), 0, draft.label, last / 2]
    let leader = min(draft.choices.element(of: places), last)
    // Half of the rows are equal logits below 0, beside which what does not belong to the row leads.
    let isEven = draft.choices.choice(below: 2) == 1
    let lead = draft.number(4 + draft.choices.magnitude(below: 16))
    let level = draft.number(-20)
    if isEven { draft.drawLogits { _ in level } } else { draft.drawRuns() }
    if !isEven { draft.logits[leader] = lead }
  }

  private static let sizes: [Int] =
    (3...16).flatMap { [1 << $0 - 1, 1 << $0, 1 << $0 + 1] } + (1000..<1008)
}
