internal import FloatFormats
public import LossFunctions

/// (w·y + 1 − y)·σ(z) − w·y with the weight w = 3 of the positive class.
public struct WeightedBinaryCrossEntropyGradient: BinaryAlgorithm {
  public var name: String { "pos-weight" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String {
    "(w y + 1 - y) sigmoid(z) - w y, w = 3"
  }
  public var source: String {
    "PyTorch 1 aten/src/ATen/native/Loss.cpp, binary_cross_entropy_with_logits_backward"
  }
  public var frameworks: [String] { ["PyTorch 1"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.positiveWeight, FloatValue(3.0)) }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let weighted = 3 * y
    return (weighted + 1 - y) * TwoCaseSigmoid().value(logit: z, target: y) - weighted
  }
}

/// softmax(x) less the target smoothed by 1/8.
public struct SmoothedCrossEntropyGradient: CategoricalAlgorithm {
  public var name: String { "label-smoothing" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String {
    "softmax(x)_i - (1 - e) [i = t] - e/K, e = 1/8"
  }
  public var source: String {
    "flash-attn flash_attn/ops/triton/cross_entropy.py, cross_entropy_bwd_kernel"
  }
  public var frameworks: [String] { ["flash-attn"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.labelSmoothing, FloatValue(0.125)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let spread = T(1) / 8 / T(x.count)
    var result = ShiftedSoftmax().outputs(logits: x, label: t).map { $0 - spread }
    result[t] -= T(7) / 8
    return result
  }
}

/// p + 2c·lse·p − [i = t] for the z-loss c·lse² with c = 2^−13.
public struct ZLossCrossEntropyGradient: CategoricalAlgorithm {
  public var name: String { "z-loss" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String {
    "p = e^(x - lse); p + 2 c lse p - [i = t], c = 2^-13"
  }
  public var source: String {
    "flash-attn flash_attn/ops/triton/cross_entropy.py, cross_entropy_bwd_kernel"
  }
  public var frameworks: [String] { ["flash-attn"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.zLoss, FloatValue(0x1p-13)) }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let logSumExp = ShiftedLogSumExp().outputs(logits: x, label: t)[0]
    var result = x.map { logit in
      let probability = T.exp(logit - logSumExp)
      return probability + logSumExp / 4096 * probability
    }
    result[t] -= 1
    return result
  }
}
