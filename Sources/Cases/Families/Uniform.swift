extension Family {
  /// Logits spread evenly over (−20, 20): where a trained network's logits lie.
  public static let uniform = Family(
    name: "uniform", purpose: "ordinary logits, evenly spread over (-20, 20)"
  ) { draft in
    draft.drawTarget()
    draft.drawLogits { draft in draft.signed(draft.number(draft.choices.magnitude(below: 20))) }
  }
}
