public import LossFunctions

/// −(y·log p + (1 − y)·log(1 − p)) of p = σ(z): a sigmoid in the last layer, then the loss.
///
/// What the loss needs, 1 − p or p, is gone once p is rounded:
///
///     z = -40, y = 0, float32:  p = 4.2e-18,  1 - p = 1,  loss 0;     exact 4.2e-18
///     z =  20, y = 0, float32:  p = 1,        1 - p = 0,  loss inf;   exact 20.000000002
///
/// With hard labels the other term is 0·log p, NaN where p is 0 or 1.
public struct NaiveBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "p = 1/(1 + e^-z); -(y log p + (1 - y) log(1 - p))" }
  public var source: String { "candle-nn/src/loss.rs, binary_cross_entropy_with_logit" }
  public var frameworks: [String] { ["Candle"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let p = NaiveSigmoid().value(logit: z, target: y)
    return -(y * T.log(p) + (1 - y) * T.log(1 - p))
  }
}

/// max(z, 0) − z·y + log1p(e^(−|z|)), TensorFlow's `sigmoid_cross_entropy_with_logits`.
///
/// For hard labels max(z, 0) − z·y is exact: 0 or |z|. For soft ones it rounds twice, and where the
/// loss is small beside z the difference cancels.
public struct LogitsBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "logits" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "max(z, 0) - z y + log1p(e^-|z|)" }
  public var source: String { "TensorFlow nn_impl.py, sigmoid_cross_entropy_with_logits" }
  public var frameworks: [String] { ["TensorFlow", "Keras (TensorFlow)", "Swift for TensorFlow"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    T.maximum(z, 0) - z * y + T.log(onePlus: T.exp(-z.magnitude))
  }
}
