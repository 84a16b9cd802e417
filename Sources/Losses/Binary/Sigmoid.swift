public import LossFunctions

/// 1 / (1 + e^(−z)), as textbooks write it.
///
/// e^(−z) overflows for z ≪ 0, which gives 0 long before σ(z) leaves the format; and for z > 0 the
/// result is 1 as soon as 1 + e^(−z) rounds to 1, which is right to half an ulp of 1 and all that
/// is left for a later log(1 − p) to see.
public struct NaiveSigmoid: BinaryAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.sigmoid
  public var formula: String { "1 / (1 + e^-z)" }
  public var source: String { "the definition; candle-nn/src/ops.rs, sigmoid" }
  public var frameworks: [String] { ["Candle"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    1 / (1 + T.exp(-z))
  }
}

/// 1 / (1 + e^(−z)) for z ≥ 0 and e^z / (1 + e^z) for z < 0: the two-case form of the frameworks.
public struct TwoCaseSigmoid: BinaryAlgorithm {
  public var name: String { "two-case" }
  public let function = LossFunction.sigmoid
  public var formula: String { "z >= 0 ? 1 / (1 + e^-z) : e^z / (1 + e^z)" }
  public var source: String {
    "the logistic function split by sign, so that no exponential overflows"
  }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    z >= 0 ? 1 / (1 + T.exp(-z)) : T.exp(z) / (1 + T.exp(z))
  }
}
