internal import FloatFormats

extension Family {
  /// Logits within eight steps of log of the format's greatest number, where e^x overflows, and of
  /// that of its n-th part, where the sum of n exponentials does; their negatives, where e^(−x)
  /// does; and such differences of two logits, which are all that the shifted forms see. Of narrower
  /// formats also where float32 overflows, since kernels compute in it.
  public static let overflowEdge = Family(
    name: "overflow-edge",
    purpose: "logits and differences within 8 ulps of where e^x, or a sum of them, overflows"
  ) { draft in
    let edges = draft.edges { draft in
      let edges = ExponentialEdges.of(draft.format)
      let logarithm = draft.format.logarithm(ofClassCount: max(draft.logitCount, 2)).double
      return edges.overflow.map { draft.encoding($0) }
        + edges.overflow.map { draft.number($0.double - logarithm) }
    }
    draft.drawAtEdges(edges)
  }
}
