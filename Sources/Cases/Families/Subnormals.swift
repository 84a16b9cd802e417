extension Family {
  /// Subnormal logits, with zeros and the least normal numbers among them. Each exponential is 1 to
  /// the last digit: what breaks is a product or quotient that underflows, hardware that takes
  /// subnormals for 0, and a comparison through them.
  public static let subnormals = Family(
    name: "subnormals", purpose: "subnormal logits, zeros and the least normal numbers"
  ) { draft in
    draft.drawTarget()
    draft.drawLogits { $0.subnormalNumber() }
  }
}
