extension LossFunction {
  /// The formula for rows of probabilities p or their logarithms l = log p; nil for a function that has none.
  public func formula(of input: InputKind) -> String? {
    guard inputs.contains(input) else { return nil }
    switch (self, input) {
    case (.binaryCrossEntropy, .probabilities): return "-y log p - (1 - y) log(1 - p)"
    case (.binaryCrossEntropy, .logProbabilities): return "-y l - (1 - y) log(1 - e^l)"
    case (.binaryCrossEntropyGradient, .probabilities): return "-y / p + (1 - y) / (1 - p)"
    case (.binaryCrossEntropyGradient, .logProbabilities): return "-y + (1 - y) / (e^-l - 1)"
    case (.crossEntropy, .probabilities): return "-log pₜ, or -Σ yᵢ log pᵢ"
    case (.crossEntropy, .logProbabilities): return "-lₜ, or -Σ yᵢ lᵢ"
    case (.crossEntropyGradient, .probabilities): return "-yᵢ / pᵢ"
    case (.crossEntropyGradient, .logProbabilities): return "-yᵢ"
    default: return formula
    }
  }

  /// What options that stand before the function apply to, where that is not the one row of logits.
  public var optionRemark: String? {
    if self == .mergedCrossEntropy {
      return "of partial results: what stands before the loss is an option of shard-partials"
    }
    guard comparesLogits else { return nil }
    return "scale, softcap, logit_bias and temperature stand before both rows"
  }

  /// The formula in one line: z is the one logit, x a row of them, y a target, t its class and g `grad_output`.
  public var formula: String {
    switch self {
    case .sigmoid: "σ(z) = 1 / (1 + e^-z)"
    case .logSigmoid: "log σ(z)"
    case .softplus: "log(1 + e^z), or log(1 + e^βz) / β"
    case .logSumExp: "log Σ e^xᵢ"
    case .softmax: "e^xᵢ / Σ e^xⱼ"
    case .logSoftmax: "xᵢ - log Σ e^xⱼ"
    case .binaryCrossEntropy: "-y log σ(z) - (1 - y) log(1 - σ(z))"
    case .binaryCrossEntropyGradient: "σ(z) - y"
    case .crossEntropy:
      "log Σ e^xⱼ - xₜ, or Σ yᵢ (log Σ e^xⱼ - xᵢ), y given or softmax(target_logits)"
    case .crossEntropyGradient: "softmax(x)ᵢ Σ yⱼ - yᵢ, y = 1 at t and 0 elsewhere for a class"
    case .sigmoidGradient: "g σ(z) (1 - σ(z))"
    case .logSigmoidGradient: "g σ(-z)"
    case .softplusGradient: "g σ(β z), or g where β z > threshold"
    case .logSumExpGradient: "g softmax(x)ᵢ"
    case .softmaxGradient: "softmax(x)ᵢ (gᵢ - Σ gⱼ softmax(x)ⱼ)"
    case .logSoftmaxGradient: "gᵢ - softmax(x)ᵢ Σ gⱼ"
    case .shardPartials: "m = max x, s = Σ e^(xᵢ - m), xₜ or -inf, of the shard's classes"
    case .mergedCrossEntropy: "log Σ sₖ e^mₖ - max tₖ of shards k"
    case .entropy: "-Σ pᵢ log pᵢ, p = softmax(x)"
    case .entropyGradient: "-pᵢ (log pᵢ + entropy)"
    case .klDivergence: "Σ qᵢ log(qᵢ / pᵢ), p = softmax(x), q = softmax(target_logits)"
    case .klDivergenceGradient: "pᵢ - qᵢ"
    case .jsDivergence: "½ Σ pᵢ log(pᵢ / mᵢ) + ½ Σ qᵢ log(qᵢ / mᵢ), m = (p + q) / 2"
    case .jsDivergenceGradient: "½ pᵢ (log(pᵢ / mᵢ) - Σ pⱼ log(pⱼ / mⱼ))"
    }
  }
}
