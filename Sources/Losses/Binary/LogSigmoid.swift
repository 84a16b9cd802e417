public import LossFunctions

/// log(1 / (1 + e^(−z))): the logarithm of a rounded probability, −∞ where that is 0.
public struct NaiveLogSigmoid: BinaryAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.logSigmoid
  public var formula: String { "log(1 / (1 + e^-z))" }
  public var source: String { "the definition, step by step" }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    T.log(NaiveSigmoid().value(logit: z, target: y))
  }
}

/// min(z, 0) − log1p(e^(−|z|)), PyTorch's `logsigmoid`.
public struct StableLogSigmoid: BinaryAlgorithm {
  public var name: String { "stable" }
  public let function = LossFunction.logSigmoid
  public var formula: String { "min(z, 0) - log1p(e^-|z|)" }
  public var source: String { "PyTorch aten/src/ATen/native/cpu/Activation.cpp, log_sigmoid" }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    T.minimum(z, 0) - T.log(onePlus: T.exp(-z.magnitude))
  }
}
