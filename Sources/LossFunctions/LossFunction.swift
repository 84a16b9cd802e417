/// A mathematical function of logits that has an exact value.
public enum LossFunction: String, CaseIterable, Hashable, Sendable {
  /// σ(z) = 1 / (1 + e^(−z)).
  case sigmoid
  /// log σ(z) = −log(1 + e^(−z)).
  case logSigmoid = "log-sigmoid"
  /// log(1 + e^z).
  case softplus
  /// log Σ e^(xᵢ).
  case logSumExp = "log-sum-exp"
  /// e^(xᵢ) / Σ e^(xⱼ).
  case softmax
  /// xᵢ − log Σ e^(xⱼ).
  case logSoftmax = "log-softmax"
  /// −y log σ(z) − (1 − y) log(1 − σ(z)).
  case binaryCrossEntropy = "binary-cross-entropy"
  /// d/dz of the binary cross-entropy: σ(z) − y.
  case binaryCrossEntropyGradient = "binary-cross-entropy-gradient"
  /// −log softmax(x)ₜ, or Σ y·(−log softmax(x)) for a target of probabilities.
  case crossEntropy = "cross-entropy"
  /// d/dx of the cross-entropy: softmax(x) − y.
  case crossEntropyGradient = "cross-entropy-gradient"
}

extension LossFunction {
  /// Whether the input is one logit; else it is a row of logits, one per class.
  public var isBinary: Bool {
    switch self {
    case .sigmoid, .logSigmoid, .softplus, .binaryCrossEntropy, .binaryCrossEntropyGradient: true
    case .logSumExp, .softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient: false
    }
  }

  /// Whether the function has a target beside the logits: the losses and their gradients.
  public var hasTarget: Bool {
    switch self {
    case .binaryCrossEntropy, .binaryCrossEntropyGradient, .crossEntropy, .crossEntropyGradient:
      true
    case .sigmoid, .logSigmoid, .softplus, .logSumExp, .softmax, .logSoftmax: false
    }
  }

  /// Whether there is one output for each class; else there is one in all.
  public var hasOutputPerClass: Bool {
    switch self {
    case .softmax, .logSoftmax, .crossEntropyGradient: true
    default: false
    }
  }

  /// Whether this is the gradient of a loss.
  public var isGradient: Bool {
    self == .binaryCrossEntropyGradient || self == .crossEntropyGradient
  }

  /// The options that change this function.
  public var options: Set<LossOption> {
    Set(LossOption.beforeTheLoss).union(ownOptions)
  }

  /// The options besides what stands before every function.
  private var ownOptions: Set<LossOption> {
    switch self {
    case .sigmoid, .logSigmoid, .softplus, .logSumExp, .softmax, .logSoftmax: []
    case .binaryCrossEntropy, .binaryCrossEntropyGradient:
      [.input, .positiveWeight, .labelSmoothing, .focalGamma, .focalAlpha]
    case .crossEntropy, .crossEntropyGradient:
      [.input, .classWeights, .labelSmoothing, .ignoreIndex, .zLoss, .focalGamma, .focalAlpha]
    }
  }
}

extension LossFunction: CustomStringConvertible {
  /// The name on the command line.
  public var description: String { rawValue }
}
