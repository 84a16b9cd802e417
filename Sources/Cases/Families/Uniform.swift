extension Family {
  /// Logits spread evenly over (−20, 20): where a trained network's logits lie.
  public static let uniform = Family(
    name: "uniform", purpose: "ordinary logits, evenly spread over (-20, 20)"
  ) { draft in
    draft.drawTarget()
    draft.drawLastLogits(.even(below: 20))
  }
}
