public import LossFunctions

/// −log pₜ of p = e^x / Σ e^x: a softmax in the last layer, then the loss.
///
///     x = (1000, 0), t = 0, float32:  p = inf/inf,  loss NaN;   exact 5.1e-435
///     x = (0, 104),  t = 0, float32:  p = 0/inf,    loss inf;   exact 104
public struct NaiveCrossEntropy: SoftTargetAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "p = e^x / sum e^x; -log p_t" }
  public var source: String { "the definition, step by step" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    [-T.log(UnshiftedSoftmax().outputs(logits: x, label: t)[t])]
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    let p = UnshiftedSoftmax().outputs(logits: x, label: 0)
    return [expectation(of: p.map { -T.log($0) }, under: y)]
  }
}

/// log Σ e^(x − max) − (xₜ − max), TensorFlow's form, and PyTorch's but for the order of the terms.
///
/// Where the target is the greatest logit, Σ is 1 plus the terms that matter, and the sum has kept
/// only what reaches an ulp of 1:
///
///     x = (50, 0), t = 0, float32:  Σ = 1 + 1.9e-22 = 1,  loss 0;   exact 1.9e-22
public struct LogitsCrossEntropy: SoftTargetAlgorithm {
  public var name: String { "logits" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "log(sum e^(x - max)) - (x_t - max)" }
  public var source: String { "TensorFlow core/kernels/xent_op.h" }
  public var frameworks: [String] { ["TensorFlow"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = shiftedExponentialSum(x)
    return [T.log(sum) - (x[t] - maximum)]
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    let (maximum, sum) = shiftedExponentialSum(x)
    let logarithm = T.log(sum)
    return [expectation(of: x.map { logarithm - ($0 - maximum) }, under: y)]
  }
}
