internal import FloatFormats
public import LossFunctions

/// tanh x as −expm1(−2|x|)/(2 + expm1(−2|x|)) with the sign of x, which keeps its digits near 0, where
/// 2σ(2x) − 1 has none.
@inlinable
func hyperbolicTangent<T: LossNumber>(_ x: T) -> T {
  let decay = T.expMinusOne(-2 * x.magnitude)
  let result = -decay / (2 + decay)
  return x < 0 ? -result : result
}

/// The logit form under a soft cap of 30.
public struct SoftcappedCrossEntropy: CategoricalAlgorithm {
  public var name: String { "softcap" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "v = c tanh(x/c); log(sum e^(v - max)) - (v_t - max), c = 30" }
  public var source: String {
    "Gemma Team, \"Gemma 2\" (2024), section 2; Liger Kernel liger_kernel/ops/cross_entropy.py"
  }
  public var frameworks: [String] { ["Liger Kernel", "unsloth"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.softcap, FloatValue(30.0)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    LogitsCrossEntropy().outputs(logits: x.map { 30 * hyperbolicTangent($0 / 30) }, label: t)
  }
}

/// The log-softmax form of logits that are scaled by 1/16.
public struct ScaledCrossEntropy: CategoricalAlgorithm {
  public var name: String { "scale" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-log_softmax(s x)_t, s = 1/16" }
  public var source: String {
    "Hugging Face transformers models/cohere/modeling_cohere.py, logit_scale"
  }
  public var frameworks: [String] { ["transformers", "flash-attn"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.scale, FloatValue(0.0625)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    LogSoftmaxCrossEntropy().outputs(logits: x.map { $0 / 16 }, label: t)
  }
}

/// (softmax(v)ᵢ − [i = t])·(1 − tanh²(xᵢ/c)) under a soft cap c = 30. Far above the cap the difference from 1 has
/// few digits, or none: 1 − tanh² is 1.7e−7 at x = 8.5c, of which float32 keeps two bits.
public struct SoftcappedCrossEntropyGradient: CategoricalAlgorithm {
  public var name: String { "softcap" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "u = tanh(x/c); (softmax(c u)_i - [i = t]) (1 - u_i^2), c = 30" }
  public var source: String {
    "Liger Kernel liger_kernel/ops/cross_entropy.py, liger_cross_entropy_kernel"
  }
  public var frameworks: [String] { ["Liger Kernel", "unsloth"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.softcap, FloatValue(30.0)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let tangents = x.map { hyperbolicTangent($0 / 30) }
    let gradient = FusedCrossEntropyGradient().outputs(
      logits: tangents.map { 30 * $0 }, label: t)
    return zip(gradient, tangents).map { $0 * (1 - $1 * $1) }
  }
}

/// The log-softmax form of logits that have biases 0, 1, 2, 3, 0, … added: the sum is rounded before the shift.
public struct BiasedCrossEntropy: CategoricalAlgorithm {
  public var name: String { "logit-bias" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-log_softmax(x + b)_t, b_c = c mod 4" }
  public var source: String {
    "A. Menon et al., \"Long-tail learning via logit adjustment\" (2021), equation 10"
  }

  public init() {}

  public func options(classCount: Int) -> LossOptions {
    .with(\.logitBias, (0..<classCount).map { FloatValue(Double($0 % 4)) })
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    LogSoftmaxCrossEntropy().outputs(
      logits: x.indices.map { x[$0] + T($0 % 4) }, label: t)
  }
}

/// The log-softmax form of logits over a temperature of 3.
public struct TemperedCrossEntropy: CategoricalAlgorithm {
  public var name: String { "temperature" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-log_softmax(x / T)_t, T = 3" }
  public var source: String {
    "G. Hinton et al., \"Distilling the knowledge in a neural network\" (2015), equation 1"
  }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.temperature, FloatValue(3.0)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    LogSoftmaxCrossEntropy().outputs(logits: x.map { $0 / 3 }, label: t)
  }
}
