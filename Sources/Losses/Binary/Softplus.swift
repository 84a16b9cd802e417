public import LossFunctions

/// log(1 + e^z), as textbooks write it: overflows for z ≫ 0, and is 0 once 1 + e^z rounds to 1.
public struct NaiveSoftplus: BinaryAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.softplus
  public var formula: String { "log(1 + e^z)" }
  public var source: String { "the definition" }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    T.log(1 + T.exp(z))
  }
}

/// max(z, 0) + log1p(e^(−|z|)).
public struct StableSoftplus: BinaryAlgorithm {
  public var name: String { "stable" }
  public let function = LossFunction.softplus
  public var formula: String { "max(z, 0) + log1p(e^-|z|)" }
  public var source: String {
    "Mächler, \"Accurately computing log(1 - exp(-|a|))\" (2012), for log1p of an "
      + "exponential; the even split of z"
  }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    T.maximum(z, 0) + T.log(onePlus: T.exp(-z.magnitude))
  }
}
