internal import FloatFormats
internal import LossFunctions

extension LossFunction {
  /// The exact mathematics of this function at a valid input, times what `grad_output` goes with the gradient of a loss.
  ///
  /// A row that is ignored has no part in the loss, whatever comes after it.
  func exact(_ input: LossInput, _ options: LossOptions) -> any ExactFunction {
    let function = exactFunction(input, options)
    guard mayHaveGradOutput, let number = input.gradOutput.first, !(function is IgnoredRow) else {
      return function
    }
    return TimesGradOutput(function: function, gradOutput: number)
  }

  /// The one place that lists them.
  private func exactFunction(
    _ input: LossInput, _ options: LossOptions
  ) -> any ExactFunction {
    if options.input != .logits { return exactOfProbabilities(input, options) }
    let logit = SingleLogit(input.logits[0], options)
    switch self {
    case .sigmoid: return Sigmoid(logit: logit)
    case .logSigmoid: return Softplus(logit: logit, isLogSigmoid: true)
    case .softplus where options.beta != nil || options.threshold != nil:
      return SharpSoftplus(logit: input.logits[0], options)
    case .softplus: return Softplus(logit: logit, isLogSigmoid: false)
    case .logSumExp: return LogSumExp(logits: input.logits, options)
    case .softmax: return Softmax(logits: input.logits, options)
    case .logSoftmax: return LogSoftmax(logits: input.logits, options)
    case .sigmoidGradient, .logSigmoidGradient, .softplusGradient, .logSumExpGradient:
      return TimesGradOutput(function: slope(input, options), gradOutput: input.gradOutput[0])
    case .softmaxGradient:
      return SoftmaxGradient(row: LogitRow(input.logits, options), gradOutput: input.gradOutput)
    case .logSoftmaxGradient:
      return LogSoftmaxGradient(row: LogitRow(input.logits, options), gradOutput: input.gradOutput)
    case .binaryCrossEntropy, .binaryCrossEntropyGradient:
      return exactBinary(logit, input.target, options)
    case .crossEntropy, .crossEntropyGradient:
      return exactCategorical(input, options)
    case .shardPartials: return ShardPartials(input)
    case .mergedCrossEntropy: return MergedCrossEntropy(input)
    case .entropy: return SoftmaxEntropy(logits: input.logits, options)
    case .entropyGradient: return EntropyGradient(logits: input.logits, options)
    case .klDivergence: return KLDivergence(input, options, isCrossEntropy: false)
    case .klDivergenceGradient: return KLDivergenceGradient(input, options)
    case .jsDivergence, .jsDivergenceGradient:
      return JSDivergence(input, options, isGradient: isGradient)
    }
  }

  /// The derivatives of a function of one output, which `grad_output` multiplies.
  private func slope(_ input: LossInput, _ options: LossOptions) -> any ExactFunction {
    let logit = input.logits[0]
    switch self {
    case .sigmoidGradient: return SigmoidDerivative(logit: logit)
    case .logSigmoidGradient: return Sigmoid(logit: SingleLogit(logit.negated, options))
    case .softplusGradient: return SoftplusDerivative(logit: logit, options)
    default: return Softmax(logits: input.logits, options)
    }
  }

  private func exactBinary(
    _ logit: SingleLogit, _ target: Target, _ options: LossOptions
  ) -> any ExactFunction {
    guard case .probabilities(let probabilities) = target, let y = probabilities.first else {
      return IgnoredRow(count: 1)
    }
    if options.focalGamma != nil || options.focalAlpha != nil {
      return FocalBinaryCrossEntropy(
        logit: logit, target: y, options: options, isGradient: isGradient)
    }
    return isGradient
      ? BinaryCrossEntropyGradient(logit: logit, target: y, options: options)
      : BinaryCrossEntropy(logit: logit, target: y, options: options)
  }

  private func exactCategorical(
    _ input: LossInput, _ options: LossOptions
  ) -> any ExactFunction {
    if case .logits = input.target {
      return isGradient
        ? KLDivergenceGradient(input, options)
        : KLDivergence(input, options, isCrossEntropy: true)
    }
    if case .index(let label) = input.target {
      if label == options.ignoreIndex {
        return IgnoredRow(count: isGradient ? input.logits.count : 1)
      }
      // With γ = 0 the focal loss is the plain one, scaled: `ClassCoefficients` does that.
      if let gamma = options.focalGamma, !gamma.isZero {
        return FocalCrossEntropy(
          input, label: label, gamma: gamma, options, isGradient: isGradient)
      }
    }
    return isGradient ? CrossEntropyGradient(input, options) : CrossEntropy(input, options)
  }
}
