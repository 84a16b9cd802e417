internal import FloatFormats
public import LossFunctions

/// Label smoothing by 1/8 on the log-softmax: 7/8·lossₜ + 1/8 of the mean loss.
public struct SmoothedCrossEntropy: CategoricalAlgorithm {
  public var name: String { "label-smoothing" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "l = -log_softmax(x); (1 - e) l_t + e/K sum l, e = 1/8" }
  public var source: String {
    "Szegedy et al., \"Rethinking the Inception architecture\" (2016); PyTorch "
      + "cross_entropy_loss"
  }
  public var frameworks: [String] { ["PyTorch", "Keras", "MLX", "Liger Kernel"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.labelSmoothing, FloatValue(0.125)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let logarithms = ShiftedLogSoftmax().outputs(logits: x, label: t)
    var sum: T = 0
    for logarithm in logarithms { sum += logarithm }
    return [-(logarithms[t] * 7 / 8 + sum / 8 / T(x.count))]
  }
}

/// Class weights 1, 2, 3, 4, 1, … times the log-softmax loss.
public struct ClassWeightedCrossEntropy: CategoricalAlgorithm {
  public var name: String { "class-weights" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-w_t log_softmax(x)_t, w_c = 1 + c mod 4" }
  public var source: String { "PyTorch aten/src/ATen/native/LossNLL.cpp, nll_loss" }
  public var frameworks: [String] { ["PyTorch", "ONNX Runtime"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions {
    .with(\.classWeights, (0..<classCount).map { FloatValue(Double(1 + $0 % 4)) })
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let loss = LogSoftmaxCrossEntropy().outputs(logits: x, label: t)[0]
    return [T(1 + t % 4) * loss]
  }
}

/// Rows of label 0 are ignored: their loss is 0, whatever the logits.
public struct IgnoreIndexCrossEntropy: CategoricalAlgorithm {
  public var name: String { "ignore-index" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "t = 0 ? 0 : -log_softmax(x)_t" }
  public var source: String { "PyTorch aten/src/ATen/native/LossNLL.cpp, nll_loss" }
  public var frameworks: [String] { ["PyTorch", "ONNX Runtime", "flash-attn"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.ignoreIndex, 0) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    t == 0 ? [0] : LogSoftmaxCrossEntropy().outputs(logits: x, label: t)
  }
}

/// The z-loss with c = 2^−13 beside the shifted logit form.
public struct ZLossCrossEntropy: CategoricalAlgorithm {
  public var name: String { "z-loss" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "log(sum e^(x - max)) - (x_t - max) + c lse^2, c = 2^-13" }
  public var source: String {
    "Chowdhery et al., \"PaLM\" (2022); flash-attn "
      + "flash_attn/ops/triton/cross_entropy.py"
  }
  public var frameworks: [String] { ["flash-attn", "Liger Kernel"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.zLoss, FloatValue(0x1p-13)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let logSumExp = ShiftedLogSumExp().outputs(logits: x, label: t)[0]
    let loss = LogitsCrossEntropy().outputs(logits: x, label: t)[0]
    // c multiplies first: lse^2 overflows float16 from 256 on.
    return [loss + logSumExp / 8192 * logSumExp]
  }
}

/// The focal loss with γ = 2 from the log-softmax: (1 − e^(−loss))²·loss, 1 − e^(−loss) as −expm1.
public struct FocalCrossEntropy: CategoricalAlgorithm {
  public var name: String { "focal" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "l = -log_softmax(x)_t; expm1(-l)^2 l" }
  public var source: String {
    "Lin et al., \"Focal loss for dense object detection\" (2017), of log p_t"
  }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.focalGamma, FloatValue(2.0)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let loss = LogSoftmaxCrossEntropy().outputs(logits: x, label: t)[0]
    let weight = T.expMinusOne(-loss)
    return [weight * weight * loss]
  }
}
