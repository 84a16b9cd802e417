public import LossFunctions

/// (1 − y)·z − log σ(z), PyTorch's loss with logits. For y = 0 and z ≪ 0 it is −(−|z|) + z: the small
/// loss cancels away.
public struct LogSigmoidBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "log-sigmoid" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "(1 - y) z - log_sigmoid(z)" }
  public var source: String {
    "PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy_with_logits"
  }
  public var frameworks: [String] { ["PyTorch", "Burn"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    (1 - y) * z - StableLogSigmoid().value(logit: z, target: y)
  }
}

/// −y·log σ(z) − (1 − y)·log σ(−z), each logarithm for itself: no digits are lost with hard labels.
public struct LogSigmoidPairBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "log-sigmoid-pair" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "-y log_sigmoid(z) - (1 - y) log_sigmoid(-z)" }
  public var source: String {
    "optax optax/losses/_classification.py, sigmoid_binary_cross_entropy"
  }
  public var frameworks: [String] { ["optax", "Keras (JAX)"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let positive = StableLogSigmoid().value(logit: z, target: y)
    let negative = StableLogSigmoid().value(logit: -z, target: y)
    return -y * positive - (1 - y) * negative
  }
}

/// logaddexp(0, z) − z·y. For y = 1 and z ≫ 0 the difference cancels.
public struct LogAddExpBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "logaddexp" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "logaddexp(0, z) - z y" }
  public var source: String { "MLX python/mlx/nn/losses.py, binary_cross_entropy" }
  public var frameworks: [String] { ["MLX"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    LogAddExpSoftplus().value(logit: z, target: y) - z * y
  }
}
