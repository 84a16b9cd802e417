internal import FloatFormats
public import LossFunctions

/// max form with pos_weight 3: (1 − y)·z + (1 + 2y)·softplus(−z).
public struct WeightedBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "pos-weight" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "(1 - y) z + (1 + (w - 1) y) (max(-z, 0) + log1p(e^-|z|)), w = 3" }
  public var source: String {
    "PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy_with_logits; "
      + "TensorFlow weighted_cross_entropy_with_logits"
  }
  public var frameworks: [String] { ["PyTorch", "TensorFlow"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.positiveWeight, FloatValue(3.0)) }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    (1 - y) * z + (1 + 2 * y) * StableSoftplus().value(logit: -z, target: y)
  }
}

/// The logit form of the target smoothed by 1/8: y becomes 7/8·y + 1/16.
public struct SmoothedBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "label-smoothing" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "y' = y (1 - e) + e/2, e = 1/8; max(z, 0) - z y' + log1p(e^-|z|)" }
  public var source: String { "Keras keras/src/losses/losses.py, binary_crossentropy" }
  public var frameworks: [String] { ["Keras"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.labelSmoothing, FloatValue(0.125)) }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    LogitsBinaryCrossEntropy().value(logit: z, target: y * 7 / 8 + T(1) / 16)
  }
}

/// The focal loss with γ = 2 from the logit loss, its weight 1 − p_t from the sigmoid.
public struct FocalBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "focal" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String {
    "p = sigmoid(z); p_t = p y + (1 - p)(1 - y); (1 - p_t)^2 loss(z, y)"
  }
  public var source: String {
    "Lin et al., \"Focal loss for dense object detection\" (2017); torchvision "
      + "ops/focal_loss.py"
  }
  public var frameworks: [String] { ["torchvision"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .with(\.focalGamma, FloatValue(2.0)) }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let p = TwoCaseSigmoid().value(logit: z, target: y)
    let probability = p * y + (1 - p) * (1 - y)
    let weight = (1 - probability) * (1 - probability)
    return weight * LogitsBinaryCrossEntropy().value(logit: z, target: y)
  }
}
