public import LossFunctions

/// Both logarithms of p = σ(z) are clamped at −100: PyTorch's `BCELoss`. A certain mistake costs
/// 100, whatever the logit.
public struct ClampedBinaryCrossEntropy: BinaryAlgorithm {
  public var name: String { "clamped" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String {
    "p = sigmoid(z); -(y max(log p, -100) + (1 - y) max(log(1 - p), -100))"
  }
  public var source: String { "PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy" }
  public var frameworks: [String] { ["PyTorch", "MLX", "Burn"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let p = TwoCaseSigmoid().value(logit: z, target: y)
    let positive = T.maximum(T.log(p), -100)
    let negative = T.maximum(T.log(1 - p), -100)
    return (y - 1) * negative - y * positive
  }
}
