extension LossFunction {
  /// The formula in one line: z is the one logit, x a row of them, y a target and t its class.
  public var formula: String {
    switch self {
    case .sigmoid: "σ(z) = 1 / (1 + e^-z)"
    case .logSigmoid: "log σ(z)"
    case .softplus: "log(1 + e^z)"
    case .logSumExp: "log Σ e^xᵢ"
    case .softmax: "e^xᵢ / Σ e^xⱼ"
    case .logSoftmax: "xᵢ - log Σ e^xⱼ"
    case .binaryCrossEntropy: "-y log σ(z) - (1 - y) log(1 - σ(z))"
    case .binaryCrossEntropyGradient: "σ(z) - y"
    case .crossEntropy: "log Σ e^xⱼ - xₜ, or Σ yᵢ (log Σ e^xⱼ - xᵢ)"
    case .crossEntropyGradient: "softmax(x)ᵢ Σ yⱼ - yᵢ, y = 1 at t and 0 elsewhere for a class"
    }
  }
}
