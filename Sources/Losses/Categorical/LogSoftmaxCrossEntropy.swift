public import LossFunctions

/// −((xₜ − max) − log Σ e^(x − max)): the negative log-softmax, PyTorch's order of the terms.
public struct LogSoftmaxCrossEntropy: SoftTargetAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-((x_t - max) - log(sum e^(x - max)))" }
  public var source: String { "PyTorch aten/src/ATen/native/LossNLL.cpp, nll_loss of log_softmax" }
  public var frameworks: [String] { ["PyTorch", "optax", "Candle", "Burn"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    [-ShiftedLogSoftmax().outputs(logits: x, label: t)[t]]
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    let logarithms = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    return [-expectation(of: logarithms, under: y)]
  }
}
