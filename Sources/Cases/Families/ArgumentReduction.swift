extension Family {
  /// Logits near multiples of half of log 2, and of its 32nd to 128th parts: where the reduction of
  /// the argument of e^x passes from one power of two, or one entry of a table, to the next, so that
  /// the remainder is greatest, or next to nothing.
  public static let argumentReduction = Family(
    name: "argument-reduction",
    purpose: "logits near multiples of log 2 / 2N, where exp changes its power or table entry"
  ) { draft in
    draft.drawTarget()
    let tableSizes = [1, 32, 64, 128]
    // As far as e^x is finite in float64, and for half of the logits near 0.
    draft.drawLogits { draft in
      let tableSize = draft.choices.element(of: tableSizes)
      let reach = draft.choices.choice(below: 2) == 0 ? 8 : 1024
      let multiple = draft.choices.integer(within: 2 * tableSize * reach)
      let value = Double(multiple) * 0.693_147_180_559_945_3 / Double(2 * tableSize)
      return draft.neighbour(of: draft.number(value), within: 2)
    }
  }
}
