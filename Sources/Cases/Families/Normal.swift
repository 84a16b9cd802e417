extension Family {
  /// Standard normal logits: what the frameworks' own tests use, and mostly all they use.
  public static let normal = Family(
    name: "normal", purpose: "standard normal logits, as the frameworks' own tests draw them"
  ) { draft in
    draft.drawTarget()
    draft.drawLastLogits(.steppedNormal)
  }
}
