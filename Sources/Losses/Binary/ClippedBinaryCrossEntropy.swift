public import LossFunctions

/// −(y·log p + (1 − y)·log(1 − p)) of p = σ(z) clipped to [1e−7, 1 − 1e−7]: Keras on probabilities.
///
/// No loss exceeds −log 1e−7 ≈ 16.1181, and the two labels end at different values in float32, as
/// 1 − 1e−7 rounds to 1 − 2^−23: 15.9424 for y = 0. In float16 it rounds to 1, which clips nothing.
public struct ClippedBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "clipped" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String {
    "p = clip(sigmoid(z), 1e-7, 1 - 1e-7); -(y log p + (1 - y) log(1 - p))"
  }
  public var source: String { "Keras keras/src/backend/numpy/nn.py, binary_crossentropy" }
  public var frameworks: [String] { ["Keras"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let low: T = T(1e-7)
    let high: T = T(1 - 1e-7)
    let p = T.minimum(T.maximum(TwoCaseSigmoid().value(logit: z, target: y), low), high)
    return -(y * T.log(p) + (1 - y) * T.log(1 - p))
  }
}
