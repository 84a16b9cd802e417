public import LossFunctions

/// σ(z) for the one label and −σ(−z) for the other: nothing cancels for either.
public struct BothLabelsBinaryCrossEntropyGradient: BinaryAlgorithm {
  public var name: String { "both-labels" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "(1 - y) sigmoid(z) - y sigmoid(-z)" }
  public var source: String {
    "σ(z) - y with 1 - σ(z) = σ(-z); scikit-learn sklearn/_loss/_loss.pyx.tp does so by "
      + "cases"
  }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let negative = TwoCaseSigmoid().value(logit: z, target: y)
    let positive = TwoCaseSigmoid().value(logit: -z, target: y)
    return (1 - y) * negative - y * positive
  }
}

/// PyTorch's gradient of `BCELoss` by p, (p − y)/max(p(1 − p), 1e−12), times σ'. Where p is 0 or 1
/// the second factor is 0, and so is the gradient of a certain mistake.
public struct ClampedChainBinaryCrossEntropyGradient: BinaryAlgorithm {
  public var name: String { "clamped-chain" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "p = sigmoid(z); (p - y) / max(p (1 - p), 1e-12) p (1 - p)" }
  public var source: String {
    "PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy_backward"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let p = TwoCaseSigmoid().value(logit: z, target: y)
    let slope = p * (1 - p)
    return (p - y) / T.maximum(slope, T(1e-12)) * slope
  }
}
