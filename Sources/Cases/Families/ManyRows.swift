extension Family {
  /// Normal logits, all of the most classes: where other families spread their rows over the numbers of
  /// classes, these come in one batch of 1,025, one more than kernels have in a block.
  public static let manyRows = Family(
    name: "many-rows", purpose: "1,025 normal rows of one number of classes, in one batch",
    suits: { _ in true }, countPerThousand: 1025
  ) { draft, _ in
    draft.drawTarget()
    draft.drawLastLogits(.steppedNormal)
  }
}
