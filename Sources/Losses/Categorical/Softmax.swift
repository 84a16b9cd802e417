public import LossFunctions

/// e^x / Σ e^x, unshifted: ∞/∞ for large logits, 0/0 for very negative ones.
public struct UnshiftedSoftmax: CategoricalAlgorithm {
  public var name: String { "unshifted" }
  public let function = LossFunction.softmax
  public var formula: String { "e^x / sum e^x" }
  public var source: String { "the definition" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let exponentials = x.map { T.exp($0) }
    var sum: T = 0
    for exponential in exponentials { sum += exponential }
    return exponentials.map { $0 / sum }
  }
}

/// e^(x − max) / Σ e^(x − max).
public struct ShiftedSoftmax: CategoricalAlgorithm {
  public var name: String { "shifted" }
  public let function = LossFunction.softmax
  public var formula: String { "e^(x - max) / sum e^(x - max)" }
  public var source: String { "Blanchard, D. Higham and N. Higham (2021)" }
  public var frameworks: [String] { ["PyTorch", "TensorFlow", "JAX", "XGBoost"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = shiftedExponentialSum(x)
    return x.map { T.exp($0 - maximum) / sum }
  }
}
