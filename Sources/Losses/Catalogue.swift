public import LossFunctions

/// The implementations that are built in.
public enum Implementations {
  /// All of them, folder by folder; within a function the naive one first.
  public static let all: [any Implementation] =
    binary + categorical + gradients + upstream + shards + distributions + summation + options
    + probabilities + own

  /// Functions of one logit.
  static let binary: [any Implementation] = [
    NaiveSigmoid(),
    TwoCaseSigmoid(),
    NaiveLogSigmoid(),
    StableLogSigmoid(),
    NaiveSoftplus(),
    StableSoftplus(),
    ThresholdSoftplus(),
    LogAddExpSoftplus(),
    NaiveBinaryCrossEntropy(),
    ClippedBinaryCrossEntropy(),
    ClampedBinaryCrossEntropy(),
    SoftplusBinaryCrossEntropy(),
    ShiftedBinaryCrossEntropy(),
    ThresholdBinaryCrossEntropy(),
    TwoCaseBinaryCrossEntropy(),
    LogitsBinaryCrossEntropy(),
    LogSigmoidBinaryCrossEntropy(),
    LogSigmoidPairBinaryCrossEntropy(),
    LogAddExpBinaryCrossEntropy(),
  ]

  /// Functions of a row of logits.
  static let categorical: [any Implementation] = [
    UnshiftedLogSumExp(),
    ShiftedLogSumExp(),
    OthersLogSumExp(),
    UnshiftedSoftmax(),
    ShiftedSoftmax(),
    DivisionFreeSoftmax(),
    LogOfSoftmax(),
    ShiftedLogSoftmax(),
    NaiveCrossEntropy(),
    LogOfSoftmaxCrossEntropy(),
    ClippedCrossEntropy(),
    LogitsCrossEntropy(),
    LogSoftmaxCrossEntropy(),
    LogSumExpCrossEntropy(),
    UnshiftedLogSumExpCrossEntropy(),
    OthersCrossEntropy(),
    TargetShiftedCrossEntropy(),
  ]

  /// Gradients of the losses.
  static let gradients: [any Implementation] = [
    ChainBinaryCrossEntropyGradient(),
    ClampedChainBinaryCrossEntropyGradient(),
    FusedBinaryCrossEntropyGradient(),
    BothLabelsBinaryCrossEntropyGradient(),
    ChainCrossEntropyGradient(),
    ShiftedChainCrossEntropyGradient(),
    FusedCrossEntropyGradient(),
    DivisionFreeCrossEntropyGradient(),
  ]

  /// Gradients of activations, times `grad_output`.
  static let upstream: [any Implementation] = [
    OutputSigmoidGradient(),
    BothSidesSigmoidGradient(),
    ComplementLogSigmoidGradient(),
    BufferedLogSigmoidGradient(),
    QuotientSoftplusGradient(),
    TwoCaseSoftplusGradient(),
    UnshiftedLogSumExpGradient(),
    ExponentialLogSumExpGradient(),
    ShiftedLogSumExpGradient(),
    TwoProductsSoftmaxGradient(),
    OutputSoftmaxGradient(),
    DifferencesSoftmaxGradient(),
    OutputLogSoftmaxGradient(),
    OthersLogSoftmaxGradient(),
    ChainUpstreamBinaryCrossEntropyGradient(),
    UpstreamBinaryCrossEntropyGradient(),
    UpstreamCrossEntropyGradient(),
    OutputUpstreamCrossEntropyGradient(),
  ]

  /// Parts of a loss whose classes are split in shards.
  static let shards: [any Implementation] = [
    OnlineShardPartials(),
    ShiftedShardPartials(),
    PairwiseMergedCrossEntropy(),
    ReducedMergedCrossEntropy(),
  ]

  /// Entropies and divergences.
  static let distributions: [any Implementation] = [
    NaiveEntropy(),
    LogSoftmaxEntropy(),
    DistancesEntropy(),
    LogSoftmaxEntropyGradient(),
    DifferencesEntropyGradient(),
    NaiveKLDivergence(),
    LogSoftmaxKLDivergence(),
    LogSoftmaxKLDivergenceGradient(),
    SoftmaxKLDivergenceGradient(),
    NaiveJSDivergence(),
    LogSoftmaxJSDivergence(),
    LogSoftmaxJSDivergenceGradient(),
  ]

  /// Ways to sum the exponentials, and accumulation in a wider format.
  static let summation: [any Implementation] =
    Summation.allCases.map { SummedLogSumExp($0) }
    + Summation.allCases.map { SummedSoftmax($0) }
    + Summation.allCases.map { SummedCrossEntropy($0) }
    + accumulation

  private static let accumulation: [any Implementation] = [
    Float32Accumulation(LogitsBinaryCrossEntropy()),
    Float32Accumulation(FusedBinaryCrossEntropyGradient()),
    Float32Accumulation(ShiftedLogSumExp()),
    Float32Accumulation(ShiftedSoftmax()),
    Float32Accumulation(ShiftedLogSoftmax()),
    Float32Accumulation(LogitsCrossEntropy()),
    Float32Accumulation(FusedCrossEntropyGradient()),
  ]

  /// The logit forms with options of the losses.
  static let options: [any Implementation] = [
    WeightedBinaryCrossEntropy(),
    SmoothedBinaryCrossEntropy(),
    FocalBinaryCrossEntropy(),
    SmoothedCrossEntropy(),
    ClassWeightedCrossEntropy(),
    IgnoreIndexCrossEntropy(),
    ZLossCrossEntropy(),
    FocalCrossEntropy(),
    WeightedBinaryCrossEntropyGradient(),
    SmoothedCrossEntropyGradient(),
    ZLossCrossEntropyGradient(),
    SharpSoftplus(),
    SharpSoftplusGradient(),
    ScaledCrossEntropy(),
    SoftcappedCrossEntropy(),
    SoftcappedCrossEntropyGradient(),
    BiasedCrossEntropy(),
    TemperedCrossEntropy(),
  ]

  /// The losses of probabilities, and of their logarithms.
  static let probabilities: [any Implementation] = [
    LogBinaryOfProbability(),
    ClippedBinaryOfProbability(),
    ClampedBinaryOfProbability(),
    DirectBinaryOfProbability(),
    DirectBinaryOfLogProbability(),
    TwoCaseBinaryOfLogProbability(),
    FlooredBinaryGradientOfProbability(),
    QuotientBinaryGradientOfProbability(),
    BinaryGradientOfLogProbability(),
    LogCategoricalOfProbabilities(),
    ClippedCategoricalOfProbabilities(),
    CategoricalOfLogProbabilities(),
    CategoricalGradientOfProbabilities(),
    CategoricalGradientOfLogProbabilities(),
  ]

  /// The forms to copy: in the format's own arithmetic, and faithfully rounded.
  static let own: [any Implementation] = LossFunction.allCases.flatMap { function in
    let forms: [(any Implementation)?] = [
      PracticalBinary(function), PracticalCategorical(function), PracticalEntropy(function),
      PracticalDivergence(function), PracticalUpstream(function), PracticalShardPartials(function),
      PracticalLossGradient(function),
      PracticalBinaryOfProbability(function, of: .probabilities),
      PracticalBinaryOfProbability(function, of: .logProbabilities),
      PracticalCategoricalOfProbabilities(function, of: .probabilities),
      PracticalCategoricalOfProbabilities(function, of: .logProbabilities),
      FaithfulBinary(function), FaithfulCategorical(function),
    ]
    return forms.compactMap { $0 }
  }

  /// The form that frameworks have in common, from logits with the maximum taken off.
  public static func common(_ function: LossFunction) -> (any Implementation)? {
    let name =
      switch function {
      case .sigmoid: "two-case"
      case .logSigmoid, .softplus: "stable"
      case .logSumExp, .softmax, .logSoftmax: "shifted"
      case .binaryCrossEntropy: "logits"
      case .crossEntropy: "log-softmax"
      case .binaryCrossEntropyGradient, .crossEntropyGradient: "fused"
      case .sigmoidGradient, .logSoftmaxGradient: "from-output"
      case .logSigmoidGradient: "buffered"
      case .softplusGradient: "two-case"
      case .logSumExpGradient, .softmaxGradient, .shardPartials: "shifted"
      case .mergedCrossEntropy: "reduced"
      case .entropy, .entropyGradient, .klDivergence, .klDivergenceGradient, .jsDivergence,
        .jsDivergenceGradient:
        "log-softmax"
      }
    return all.first { $0.function == function && $0.name == name }
  }

  /// The form that textbooks write: through a probability, or without a shift.
  public static func naive(_ function: LossFunction) -> (any Implementation)? {
    all.first { $0.function == function }
  }
}
