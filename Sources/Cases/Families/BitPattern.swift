extension Family {
  /// Every finite bit pattern of the format as likely: each binade as often as another, subnormals
  /// among them. Most logits are far from 0 or next to it, and differences of two lose one of them:
  /// what breaks is code with a case for small or large arguments, and its seams.
  public static let bitPattern = Family(
    name: "bit-pattern", purpose: "every finite bit pattern as likely: all binades, and subnormals"
  ) { draft in
    draft.drawTarget()
    draft.drawLogits { $0.anyNumber() }
  }
}
