public import LossFunctions

/// The chain rule through the probabilities: −1/pₜ times the row pₜ(δᵢₜ − pᵢ) of softmax's Jacobian.
///
/// A confident mistake has pₜ = 0: then −1/pₜ is infinite, the row is 0, and their product NaN.
public struct ChainCrossEntropyGradient: CategoricalAlgorithm {
  public var name: String { "naive-chain" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "p = e^x / sum e^x; -1/p_t * p_t ([i = t] - p_i)" }
  public var source: String { "the chain rule through p, as automatic differentiation applies it" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let p = UnshiftedSoftmax().outputs(logits: x, label: t)
    let byProbability = -1 / p[t]
    return p.indices.map { index in
      let jacobian = p[t] * ((index == t ? 1 : 0) - p[index])
      return byProbability * jacobian
    }
  }
}

/// softmax(x)ᵢ − [i = t], what the chain rule comes to. For the target of a confident row the
/// difference cancels to 0.
public struct FusedCrossEntropyGradient: SoftTargetAlgorithm {
  public var name: String { "fused" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "softmax(x)_i - [i = t]" }
  public var source: String { "TensorFlow core/kernels/xent_op.h" }
  public var frameworks: [String] { ["TensorFlow"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var result = ShiftedSoftmax().outputs(logits: x, label: t)
    result[t] -= 1
    return result
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    // Σ y is the coefficient of softmax; it is 1 for probabilities, and exactly so for a one-hot list.
    var total: T = 0
    for probability in y { total += probability }
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    return zip(p, y).map { total * $0 - $1 }
  }
}
