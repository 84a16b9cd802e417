internal import FloatFormats

extension Family {
  /// Logits and differences within eight steps of where 1 + e^(−x) becomes 1 in the format, about
  /// p log 2 and a binade around it, and of where implementations clip or change their formula:
  /// PyTorch's softplus at 20 and its clamp of log p at −100, Keras' clip of p at 1e−7 (16.118).
  public static let saturationEdge = Family(
    name: "saturation-edge",
    purpose: "logits and differences near where 1 + e^-x becomes 1, or where formulas are clipped"
  ) { draft in
    let edges = draft.edges { draft in
      let binades = [0, 1, -1].map {
        Double(draft.format.precision + $0) * 0.693_147_180_559_945_3
      }
      return (binades + [20, 100, 16.118_095_650_958_32]).map { draft.number(-$0) }
    }
    draft.drawAtEdges(edges)
  }
}
