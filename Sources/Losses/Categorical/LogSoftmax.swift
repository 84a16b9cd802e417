public import LossFunctions

/// The logarithm of the shifted softmax: −∞ wherever a probability underflows.
public struct LogOfSoftmax: CategoricalAlgorithm {
  public var name: String { "log-of-softmax" }
  public let function = LossFunction.logSoftmax
  public var formula: String { "log(softmax(x))" }
  public var source: String { "ONNX reference evaluator, softmax_cross_entropy_loss" }
  public var frameworks: [String] { ["ONNX reference"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    ShiftedSoftmax().outputs(logits: x, label: t).map { T.log($0) }
  }
}

/// (x − max) − log Σ e^(x − max), PyTorch's and TensorFlow's form.
public struct ShiftedLogSoftmax: CategoricalAlgorithm {
  public var name: String { "shifted" }
  public let function = LossFunction.logSoftmax
  public var formula: String { "(x - max) - log(sum e^(x - max))" }
  public var source: String { "PyTorch aten/src/ATen/native/cpu/LogSoftmaxKernelImpl.h" }
  public var frameworks: [String] { ["PyTorch", "TensorFlow", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = shiftedExponentialSum(x)
    let logarithm = T.log(sum)
    return x.map { ($0 - maximum) - logarithm }
  }
}
