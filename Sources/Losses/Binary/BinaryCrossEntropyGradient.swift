public import LossFunctions

/// The chain rule through the probability: (−y/p + (1 − y)/(1 − p)) · p(1 − p).
///
/// Where p rounds to 0 or 1 a quotient is infinite or 0/0 and the second factor is 0: the product
/// is NaN, for right answers and wrong ones alike.
public struct ChainBinaryCrossEntropyGradient: BinaryAlgorithm {
  public var name: String { "naive-chain" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "p = 1/(1 + e^-z); (-y/p + (1 - y)/(1 - p)) p (1 - p)" }
  public var source: String { "the chain rule through p, as automatic differentiation applies it" }
  public var frameworks: [String] { ["Candle"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let p = NaiveSigmoid().value(logit: z, target: y)
    let byProbability = -y / p + (1 - y) / (1 - p)
    return byProbability * (p * (1 - p))
  }
}

/// σ(z) − y, what the chain rule comes to. For y = 1 and z ≫ 0 the difference cancels to 0.
public struct FusedBinaryCrossEntropyGradient: BinaryAlgorithm {
  public var name: String { "fused" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "sigmoid(z) - y" }
  public var source: String {
    "PyTorch aten/src/ATen/native/Loss.cpp; XGBoost src/objective/logistic_obj.h"
  }
  public var frameworks: [String] { ["PyTorch", "XGBoost"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    TwoCaseSigmoid().value(logit: z, target: y) - y
  }
}
