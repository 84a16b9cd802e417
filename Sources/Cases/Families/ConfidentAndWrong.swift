extension Family {
  /// Confident and wrong: another class than the target leads by 5 to 45. The loss is about the gap,
  /// and pₜ below the last digit of 1: what breaks takes log pₜ or 1/pₜ of a p that has underflowed,
  /// been clipped, or come from 1 − p.
  public static let confidentAndWrong = Family(
    name: "confident-wrong", purpose: "confident and wrong: another class leads by 5 to 45"
  ) { draft in
    let label = draft.classOrSide()
    draft.target(label: label)
    let sideCount = draft.isBinary ? 2 : draft.logitCount
    // Of a single class there is no other.
    let others = max(sideCount - 1, 1)
    let leader = (label + 1 + draft.choices.integer(in: 0...others - 1)) % sideCount
    draft.drawRow(ledBy: leader)
  }
}
