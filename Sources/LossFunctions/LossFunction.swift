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
  /// g·σ(z)(1 − σ(z)), the derivative of the sigmoid times `grad_output`.
  case sigmoidGradient = "sigmoid-gradient"
  /// g·σ(−z), that of the log-sigmoid.
  case logSigmoidGradient = "log-sigmoid-gradient"
  /// g·σ(βz), that of the softplus.
  case softplusGradient = "softplus-gradient"
  /// g·softmax(x), that of the log-sum-exp.
  case logSumExpGradient = "log-sum-exp-gradient"
  /// softmaxᵢ·(gᵢ − Σ gⱼ·softmaxⱼ), the vector–Jacobian product of the softmax.
  case softmaxGradient = "softmax-gradient"
  /// gᵢ − softmaxᵢ·Σ gⱼ, that of the log-softmax.
  case logSoftmaxGradient = "log-softmax-gradient"
  /// The greatest logit m of a shard of the classes, Σ e^(xᵢ − m), and the target's logit, −∞ where that is elsewhere.
  case shardPartials = "shard-partials"
  /// log Σ sₖ·e^(mₖ) − max tₖ: the cross-entropy, merged from what each shard k has for m, s and t.
  case mergedCrossEntropy = "merged-cross-entropy"
  /// −Σ pᵢ log pᵢ, the entropy of p = softmax(x).
  case entropy
  /// d/dx of the entropy: −pᵢ·(log pᵢ + entropy).
  case entropyGradient = "entropy-gradient"
  /// Σ qᵢ·log(qᵢ/pᵢ) for q = softmax(y), y the logits of the target.
  case klDivergence = "kl-divergence"
  /// d/dx of the Kullback–Leibler divergence: p − q.
  case klDivergenceGradient = "kl-divergence-gradient"
  /// ½ Σ [pᵢ·log(pᵢ/mᵢ) + qᵢ·log(qᵢ/mᵢ)] for m = (p + q)/2.
  case jsDivergence = "js-divergence"
  /// d/dx of the Jensen–Shannon divergence: ½ pᵢ·(log(pᵢ/mᵢ) − Σ pⱼ·log(pⱼ/mⱼ)).
  case jsDivergenceGradient = "js-divergence-gradient"
}

extension LossFunction {
  /// Whether the input is one logit; else it is a row of logits, one per class.
  public var isBinary: Bool {
    switch self {
    case .sigmoid, .logSigmoid, .softplus, .binaryCrossEntropy, .binaryCrossEntropyGradient,
      .sigmoidGradient, .logSigmoidGradient, .softplusGradient:
      true
    case .logSumExp, .softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient,
      .logSumExpGradient, .softmaxGradient, .logSoftmaxGradient, .shardPartials,
      .mergedCrossEntropy, .entropy, .entropyGradient, .klDivergence, .klDivergenceGradient,
      .jsDivergence, .jsDivergenceGradient:
      false
    }
  }

  /// Whether it is of a loss whose classes are split in shards.
  public var isOfShards: Bool { self == .shardPartials || self == .mergedCrossEntropy }

  /// Whether it is a loss of its logits or the gradient of one, which has sums and means.
  public var isOfLosses: Bool { hasTarget && !isOfShards }

  /// How the target of a row may be given.
  public var targetKinds: [TargetKind] {
    if !hasTarget { return [.none] }
    if comparesLogits { return [.logits] }
    if isBinary { return [.probabilities] }
    return isOfShards ? [.index] : [.index, .probabilities, .logits]
  }

  /// Whether the function has a target beside the logits: the losses and their gradients.
  public var hasTarget: Bool {
    switch self {
    case .binaryCrossEntropy, .binaryCrossEntropyGradient, .crossEntropy, .crossEntropyGradient,
      .shardPartials:
      true
    default: comparesLogits
    }
  }

  /// Whether the target can be logits alone, a second row of them: the divergences and their gradients.
  public var comparesLogits: Bool {
    switch self {
    case .klDivergence, .klDivergenceGradient, .jsDivergence, .jsDivergenceGradient: true
    default: false
    }
  }

  /// Whether a target can be a class or probabilities of classes.
  package var hasLabels: Bool { hasTarget && !comparesLogits }

  /// Whether the function is one of softmaxes as distributions: an entropy, a divergence, or the gradient of one.
  package var isOfDistributions: Bool {
    comparesLogits || self == .entropy || self == .entropyGradient
  }

  /// What `grad_output` goes with a row: the gradient, by the function's outputs, of what comes after it.
  public var gradOutputKind: GradOutputKind {
    switch self {
    case .sigmoidGradient, .logSigmoidGradient, .softplusGradient, .logSumExpGradient: .row
    case .softmaxGradient, .logSoftmaxGradient: .classes
    case .mergedCrossEntropy: .partials
    default: .none
    }
  }

  /// Whether rows may have a number of `grad_output` each, which options say: of the gradients of losses and the entropy.
  public var mayHaveGradOutput: Bool { isGradient || self == .entropyGradient }

  /// What `grad_output` goes with a row under some options.
  public func gradOutputKind(_ options: LossOptions) -> GradOutputKind {
    options.gradOutput == .none ? gradOutputKind : .row
  }

  /// The number of `grad_output`'s numbers for a row of so many classes.
  public func gradOutputCount(classCount: Int, _ options: LossOptions) -> Int {
    gradOutputCount(classCount: classCount, gradOutputKind(options))
  }

  /// The same without options.
  public func gradOutputCount(classCount: Int) -> Int {
    gradOutputCount(classCount: classCount, gradOutputKind)
  }

  private func gradOutputCount(classCount: Int, _ kind: GradOutputKind) -> Int {
    switch kind {
    case .none: 0
    case .row: 1
    case .classes: classCount
    case .partials: 2 * classCount
    }
  }

  /// Whether there is one output for each class; else there is one in all.
  public var hasOutputPerClass: Bool {
    switch self {
    case .softmax, .logSoftmax, .crossEntropyGradient, .logSumExpGradient, .softmaxGradient,
      .logSoftmaxGradient, .entropyGradient, .klDivergenceGradient, .jsDivergenceGradient:
      true
    default: false
    }
  }

  /// How many outputs a row of so many classes has.
  public func outputCount(classCount: Int) -> Int {
    self == .shardPartials ? 3 : hasOutputPerClass ? classCount : 1
  }

  /// Whether the outputs of a row are a list.
  public var hasOutputList: Bool { hasOutputPerClass || self == .shardPartials }

  /// Whether this is the gradient of a loss.
  public var isGradient: Bool {
    switch self {
    case .binaryCrossEntropyGradient, .crossEntropyGradient, .klDivergenceGradient,
      .jsDivergenceGradient:
      true
    default: false
    }
  }

  /// Whether this is the derivative of anything by the logits.
  package var isDerivative: Bool {
    mayHaveGradOutput || [.row, .classes].contains(gradOutputKind)
  }

  /// The gradient of a loss by its logits; nil of what is no loss.
  public var gradient: LossFunction? {
    isOfLosses ? LossFunction(rawValue: rawValue + Self.gradientSuffix) : nil
  }

  /// The loss that this is the gradient of; nil of what is none.
  public var loss: LossFunction? {
    isGradient ? LossFunction(rawValue: String(rawValue.dropLast(Self.gradientSuffix.count))) : nil
  }

  private static let gradientSuffix = "-gradient"

  /// The options that change this function.
  ///
  /// What stands before it applies to all logits, those of a target among them, and gradients are by the logits as they
  /// are given. The parts of a loss that are merged are none: it has been applied to the shards.
  public var options: Set<LossOption> {
    let own = isOfLosses ? ownOptions.union([.denominator]) : ownOptions
    let others = self == .mergedCrossEntropy ? own : own.union(LossOption.beforeTheLoss)
    return mayHaveGradOutput ? others.union([.gradOutput]) : others
  }

  /// The options besides what stands before every function.
  private var ownOptions: Set<LossOption> {
    switch self {
    case .sigmoid, .logSigmoid, .logSumExp, .softmax, .logSoftmax: []
    case .sigmoidGradient, .logSigmoidGradient, .logSumExpGradient, .softmaxGradient,
      .logSoftmaxGradient:
      []
    case .shardPartials, .mergedCrossEntropy: []
    case .entropy, .entropyGradient, .klDivergence, .klDivergenceGradient, .jsDivergence,
      .jsDivergenceGradient:
      []
    case .softplus, .softplusGradient: [.beta, .threshold]
    case .binaryCrossEntropy, .binaryCrossEntropyGradient:
      [.input, .positiveWeight, .labelSmoothing, .focalGamma, .focalAlpha]
    case .crossEntropy, .crossEntropyGradient:
      [.input, .classWeights, .labelSmoothing, .ignoreIndex, .zLoss, .focalGamma, .focalAlpha]
    }
  }
}

/// How many numbers of `grad_output` go with a row.
public enum GradOutputKind: String, Hashable, Sendable {
  /// None: the function is no gradient that is handed on.
  case none
  /// One.
  case row
  /// One for each class.
  case classes
  /// No gradient: beside the maxima of shards their sums, and then their logits of the target.
  case partials
}

extension GradOutputKind {
  /// The name of the field, or the tensor, of the numbers.
  package var fieldName: String { self == .partials ? "partials" : "grad_output" }
}

extension LossFunction: CustomStringConvertible {
  /// The name on the command line.
  public var description: String { rawValue }
}
