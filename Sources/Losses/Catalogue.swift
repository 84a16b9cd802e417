/// The implementations that are built in.
public enum Implementations {
  /// All of them, by function; within a function the naive one first.
  public static let all: [any Implementation] = [
    NaiveSigmoid(),
    TwoCaseSigmoid(),
    NaiveLogSigmoid(),
    StableLogSigmoid(),
    NaiveSoftplus(),
    StableSoftplus(),
    UnshiftedLogSumExp(),
    ShiftedLogSumExp(),
    UnshiftedSoftmax(),
    ShiftedSoftmax(),
    LogOfSoftmax(),
    ShiftedLogSoftmax(),
    NaiveBinaryCrossEntropy(),
    LogitsBinaryCrossEntropy(),
    ChainBinaryCrossEntropyGradient(),
    FusedBinaryCrossEntropyGradient(),
    NaiveCrossEntropy(),
    LogitsCrossEntropy(),
    ChainCrossEntropyGradient(),
    FusedCrossEntropyGradient(),
  ]
}
