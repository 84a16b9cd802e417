public import LossFunctions

/// (p − y)/max(p·(1 − p), 1e−12): PyTorch's gradient of `BCELoss`, at most 1e12 beside 0 and 1.
public struct FlooredBinaryGradientOfProbability: BinaryAlgorithm {
  public var name: String { "p-floored" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "(p - y) / max(p (1 - p), 1e-12)" }
  public var source: String {
    "PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy_backward"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    let least: T = T(1e-12)
    return (p - y) / T.maximum((1 - p) * p, least)
  }
}

/// −y/p + (1 − y)/(1 − p), a quotient for each half that counts.
public struct QuotientBinaryGradientOfProbability: BinaryAlgorithm {
  public var name: String { "p-quotients" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "y = 1 ? -1/p : y = 0 ? 1/(1 - p) : (1 - y)/(1 - p) - y/p" }
  public var source: String { "automatic differentiation of the logarithms, as in JAX" }
  public var frameworks: [String] { ["JAX"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    if y == 1 { return -1 / p }
    if y == 0 { return 1 / (1 - p) }
    return (1 - y) / (1 - p) - y / p
  }
}

/// (1 − y)/(e^−l − 1) − y of l = log p.
public struct BinaryGradientOfLogProbability: BinaryAlgorithm {
  public var name: String { "log-p-expm1" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "(1 - y) / expm1(-l) - y" }
  public var source: String { "the derivative of -y l - (1 - y) log(1 - e^l)" }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.logProbabilities) }

  @inlinable
  public func value<T: LossNumber>(logit l: T, target y: T) -> T {
    if y == 1 { return -1 }
    return (1 - y) / T.expMinusOne(-l) - y
  }
}
