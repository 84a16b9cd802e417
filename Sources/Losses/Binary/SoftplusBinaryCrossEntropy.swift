public import LossFunctions

/// log(1 + e^(−z)) − z·y + z without cases: e^(−z) overflows for z ≪ 0, and for y = 0 the sum of z and
/// the logarithm cancels there.
public struct SoftplusBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "softplus" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "log(1 + e^-z) - z y + z" }
  public var source: String {
    "TensorFlow documentation of sigmoid_cross_entropy_with_logits, before it is made "
      + "stable"
  }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    T.log(1 + T.exp(-z)) - z * y + z
  }
}

/// Softplus with PyTorch's threshold: y·s(−z) + (1 − y)·s(z), s(z) = z for z > 20, else log1p(e^z).
public struct ThresholdBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "softplus-threshold" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "y s(-z) + (1 - y) s(z), s(z) = z > 20 ? z : log1p(e^z)" }
  public var source: String { "PyTorch aten/src/ATen/native/cpu/Activation.cpp, softplus_kernel" }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let softplus = ThresholdSoftplus()
    return y * softplus.value(logit: -z, target: y) + (1 - y) * softplus.value(logit: z, target: y)
  }
}

/// The two cases by the sign of z: no exponential overflows.
public struct TwoCaseBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "two-case" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "z >= 0 ? z (1 - y) + log1p(e^-z) : -z y + log1p(e^z)" }
  public var source: String {
    "the derivation in the TensorFlow documentation of "
      + "sigmoid_cross_entropy_with_logits"
  }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    z >= 0
      ? z * (1 - y) + T.log(onePlus: T.exp(-z))
      : -z * y + T.log(onePlus: T.exp(z))
  }
}

/// The logarithm of two exponentials shifted by m = max(−z, 0): PyTorch before it used log-sigmoid.
/// One of the exponentials is 1, and the other is lost beside it.
public struct ShiftedBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "shifted-log" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "m = max(-z, 0); (1 - y) z + m + log(e^-m + e^(-z - m))" }
  public var source: String {
    "PyTorch 1 aten/src/ATen/native/Loss.cpp, binary_cross_entropy_with_logits"
  }
  public var frameworks: [String] { ["PyTorch 1"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let maximum = T.maximum(-z, 0)
    return (1 - y) * z + maximum + T.log(T.exp(-maximum) + T.exp(-z - maximum))
  }
}
