extension Family {
  /// Confident and right, as trained models are: the target leads by 5 to 45. The exact loss is tiny
  /// but far from underflow; what is computed from 1 + e^(−gap), or from 1 − p, has lost it.
  public static let confident = Family(
    name: "confident", purpose: "confident and right: the target leads by 5 to 45"
  ) { draft in
    let label = draft.classOrSide()
    draft.target(label: label)
    draft.drawRow(ledBy: label)
  }
}

extension CaseDraft {
  /// Draws a row in which one class leads the greatest of the others, which are normal, by 5 to 45.
  mutating func drawRow(ledBy leader: Int) {
    let gap = 5 + choices.magnitude(below: 40)
    guard !isBinary else {
      logits.append(number(leader == 1 ? gap : -gap))
      return
    }
    drawLastLogits(.steppedNormal, lead: Lead(leader: leader, gap: gap))
  }
}
