internal import LossFunctions
internal import SmallFoundation

// Divergences of the wrong distributions.

extension Mistake {
  /// KL(p‖q) for KL(q‖p), as of arguments that change places.
  static let divergenceReversed = Mistake(
    "divergence-reversed",
    "the divergence is that of p from q; take that of q from p, the target's softmax first"
  ) { evidence in
    guard [.klDivergence, .klDivergenceGradient].contains(evidence.function) else { return [] }
    let model = evidence.model
    return [
      Hypothesis { row in
        let (p, q) = model.logarithms(row.row)
        let divergence = DoubleModel.divergence(of: p, from: q)
        guard evidence.function == .klDivergenceGradient else { return [divergence] }
        let gradient = zip(p, q).map { p, q in
          p == -.infinity ? 0 : exp(p) * ((p - q) - divergence)
        }
        return model.byLogits(gradient, row.row)
      }
    ]
  }
}
