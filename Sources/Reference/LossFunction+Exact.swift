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
      let function = TimesGradOutput(
        function: slope(input, logit, options), gradOutput: input.gradOutput[0])
      return byLogits(function, LogitRow(input.logits, options), isDivided: false)
    case .softmaxGradient:
      let row = LogitRow(input.logits, options)
      return byLogits(SoftmaxGradient(row: row, gradOutput: input.gradOutput), row)
    case .logSoftmaxGradient:
      let row = LogitRow(input.logits, options)
      return byLogits(LogSoftmaxGradient(row: row, gradOutput: input.gradOutput), row)
    case .binaryCrossEntropy, .binaryCrossEntropyGradient:
      return exactBinary(logit, input.target, options)
    case .crossEntropy, .crossEntropyGradient:
      return exactCategorical(input, options)
    case .shardPartials: return ShardPartials(input, options)
    case .mergedCrossEntropy: return MergedCrossEntropy(input)
    case .entropy: return SoftmaxEntropy(logits: input.logits, options)
    case .entropyGradient:
      return byLogits(
        EntropyGradient(logits: input.logits, options), LogitRow(input.logits, options))
    case .klDivergence: return KLDivergence(input, options, isCrossEntropy: false)
    case .klDivergenceGradient:
      return byLogits(KLDivergenceGradient(input, options), LogitRow(input.logits, options))
    case .jsDivergence: return JSDivergence(input, options, isGradient: false)
    case .jsDivergenceGradient:
      return byLogits(
        JSDivergence(input, options, isGradient: true), LogitRow(input.logits, options))
    }
  }

  /// Derivatives by what the function is of, as those by the logits.
  private func byLogits(
    _ function: any ExactFunction, _ row: LogitRow, isDivided: Bool = true
  ) -> any ExactFunction {
    row.transform.keepsSlopes && (isDivided || row.temperature == .one)
      ? function : DerivativeByLogits(function, row, isDivided: isDivided)
  }

  /// The derivatives of a function of one output, which `grad_output` multiplies.
  private func slope(
    _ input: LossInput, _ logit: SingleLogit, _ options: LossOptions
  ) -> any ExactFunction {
    switch self {
    case .sigmoidGradient: return SigmoidDerivative(logit: logit)
    case .logSigmoidGradient: return Sigmoid(logit: logit, isNegated: true)
    // A sharpness stands beside nothing that stands before the function.
    case .softplusGradient where options.present.isDisjoint(with: LossOption.beforeTheLoss):
      return SoftplusDerivative(logit: input.logits[0], options)
    case .softplusGradient: return Sigmoid(logit: logit)
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
        ? byLogits(KLDivergenceGradient(input, options), LogitRow(input.logits, options))
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
