extension Family {
  /// Logits within eight steps of log of the format's least normal number, below which e^x is
  /// subnormal, of log of the least number, and of log of half of it, below which e^x rounds to 0;
  /// their negatives; and such differences of two logits. What breaks is a probability of 0 whose
  /// logarithm is taken, and hardware that takes subnormals for 0. Of narrower formats also where
  /// float32 underflows.
  public static let underflowEdge = Family(
    name: "underflow-edge",
    purpose: "logits and differences within 8 ulps of where e^x becomes subnormal, or zero"
  ) { draft in
    let edges = draft.edges { draft in
      ExponentialEdges.of(draft.format).underflow.map { draft.encoding($0) }
    }
    draft.drawAtEdges(edges)
  }
}
