public import LossFunctions

/// Σ q·log(q/p) of probabilities: infinite or NaN where one underflows.
public struct NaiveKLDivergence: TargetLogitsAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.klDivergence
  public var formula: String { "p, q = softmax(x), softmax(y); sum q log(q / p)" }
  public var source: String { "Keras keras/src/losses/losses.py, kl_divergence, without its clip" }
  public var frameworks: [String] { ["Keras"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    let q = ShiftedSoftmax().outputs(logits: y, label: 0)
    var sum: T = 0
    for (p, q) in zip(p, q) { sum += q * T.log(q / p) }
    return [sum]
  }
}

/// Σ e^b·(b − a) of the log-softmaxes a and b.
public struct LogSoftmaxKLDivergence: TargetLogitsAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.klDivergence
  public var formula: String { "a, b = log_softmax(x), log_softmax(y); sum e^b (b - a)" }
  public var source: String { "PyTorch aten/src/ATen/native/Loss.cpp, kl_div with log_target" }
  public var frameworks: [String] { ["PyTorch", "optax", "TRL", "Liger"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let a = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    let b = ShiftedLogSoftmax().outputs(logits: y, label: 0)
    var sum: T = 0
    for (a, b) in zip(a, b) { sum += T.exp(b) * (b - a) }
    return [sum]
  }
}

/// p − q of the softmaxes.
public struct SoftmaxKLDivergenceGradient: TargetLogitsAlgorithm {
  public var name: String { "fused" }
  public let function = LossFunction.klDivergenceGradient
  public var formula: String { "softmax(x) - softmax(y)" }
  public var source: String { "ours: the chain through the logarithm, worked out" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    let q = ShiftedSoftmax().outputs(logits: y, label: 0)
    return zip(p, q).map { $0 - $1 }
  }
}

/// e^a·Σ q − q of the log-softmax a, with q = e^b: the rounded sum of q is not 1.
public struct LogSoftmaxKLDivergenceGradient: TargetLogitsAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.klDivergenceGradient
  public var formula: String { "a, b = log_softmax(x), log_softmax(y); e^a_i sum e^b - e^b_i" }
  public var source: String {
    "PyTorch kl_div_backward and aten/src/ATen/native/cpu/SoftMaxKernel.cpp, host_softmax_backward"
  }
  public var frameworks: [String] { ["PyTorch", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let a = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    let q = ShiftedLogSoftmax().outputs(logits: y, label: 0).map { T.exp($0) }
    var sum: T = 0
    for q in q { sum += q }
    return zip(a, q).map { T.exp($0) * sum - $1 }
  }
}
