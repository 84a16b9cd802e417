public import LossFunctions

/// log1p(e^z) with the linear branch from 20 on: PyTorch's `softplus`.
///
/// The branch drops e^(−20) ≈ 2e−9, below half an ulp of 20 in float32 but 580 000 ulps in float64.
public struct ThresholdSoftplus: BinaryAlgorithm {
  public var name: String { "threshold-20" }
  public let isExactFormula = false
  public let function = LossFunction.softplus
  public var formula: String { "z > 20 ? z : log1p(e^z)" }
  public var source: String { "PyTorch aten/src/ATen/native/cpu/Activation.cpp, softplus_kernel" }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    z > 20 ? z : T.log(onePlus: T.exp(z))
  }
}

/// log(e^0 + e^z) as NumPy adds in logarithms: the larger one plus log1p(e^−|z|), and z + log 2 where
/// the two are equal.
public struct LogAddExpSoftplus: BinaryAlgorithm {
  public var name: String { "logaddexp" }
  public let function = LossFunction.softplus
  public var formula: String { "logaddexp(0, z)" }
  public var source: String {
    "NumPy numpy/_core/src/npymath/npy_math_internal.h.src, npy_logaddexp"
  }
  public var frameworks: [String] { ["NumPy", "JAX"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    if z == 0 { return T.log(2) }
    return z > 0 ? z + T.log(onePlus: T.exp(-z)) : T.log(onePlus: T.exp(z))
  }
}
