public import LossFunctions

/// log-sum-exp less the logit, with the maximum added back before the difference: a common offset c
/// leaves an error of an ulp of c.
///
///     x = (20000, 19990), t = 0, float32:  loss 0;   exact 4.54e-5
public struct LogSumExpCrossEntropy: CategoricalAlgorithm {
  public var name: String { "log-sum-exp" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "log(sum e^(x - max)) + max - x_t" }
  public var source: String {
    "optax optax/losses/_classification.py, softmax_cross_entropy_with_integer_labels"
  }
  public var frameworks: [String] { ["optax", "MLX", "Liger Kernel", "flash-attn", "Unsloth"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    [ShiftedLogSumExp().outputs(logits: x, label: t)[0] - x[t]]
  }
}

/// log Σ e^x less the logit, unshifted: overflows as well as losing what an offset takes.
public struct UnshiftedLogSumExpCrossEntropy: CategoricalAlgorithm {
  public var name: String { "log-sum-exp-unshifted" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "log(sum e^x) - x_t" }
  public var source: String { "the definition" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    [UnshiftedLogSumExp().outputs(logits: x, label: t)[0] - x[t]]
  }
}
