public import LossFunctions

/// The chain rule through the shifted softmax: NaN only where pₜ underflows.
public struct ShiftedChainCrossEntropyGradient: SoftTargetAlgorithm {
  public var name: String { "shifted-chain" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "p = softmax(x); -1/p_t * p_t ([i = t] - p_i)" }
  public var source: String { "the chain rule through p, as automatic differentiation applies it" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var y = [T](repeating: 0, count: x.count)
    y[t] = 1
    return outputs(logits: x, probabilities: y)
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    return p.indices.map { index in
      var sum: T = 0
      for other in p.indices where y[other] != 0 {
        let jacobian = p[other] * ((index == other ? 1 : 0) - p[index])
        sum += -y[other] / p[other] * jacobian
      }
      return sum
    }
  }
}

/// e^(x − lse) − [i = t]: the fused gradient from a stored log-sum-exp, as one-pass kernels have it.
public struct DivisionFreeCrossEntropyGradient: CategoricalAlgorithm {
  public var name: String { "division-free" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "e^(x - log-sum-exp(x)) - [i = t]" }
  public var source: String { "flash-attn flash_attn/ops/triton/cross_entropy.py, backward" }
  public var frameworks: [String] { ["flash-attn", "Unsloth"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var result = DivisionFreeSoftmax().outputs(logits: x, label: t)
    result[t] -= 1
    return result
  }
}
