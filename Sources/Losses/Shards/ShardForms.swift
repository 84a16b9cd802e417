public import LossFunctions

/// The running maximum, and the sum rescaled when it grows: of a shard that is all masked −∞ − −∞ makes NaN.
public struct OnlineShardPartials: CategoricalAlgorithm {
  public var name: String { "online" }
  public let function = LossFunction.shardPartials
  public var formula: String { "m' = max(m, x_i); s = s e^(m - m') + e^(x_i - m')" }
  public var source: String {
    "TransformerEngine transformer_engine/common/triton/cross_entropy.py, online_softmax_kernel"
  }
  public var frameworks: [String] { ["TransformerEngine"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var (maximum, sum): (T, T) = (-T.infinity, 0)
    for logit in x {
      let next = T.maximum(maximum, logit)
      sum = sum * T.exp(maximum - next) + T.exp(logit - next)
      maximum = next
    }
    return [maximum, sum, targetLogit(x, t)]
  }
}

/// The maximum, and the sum of what it is taken off from; nothing where all is masked.
public struct ShiftedShardPartials: CategoricalAlgorithm {
  public var name: String { "shifted" }
  public let function = LossFunction.shardPartials
  public var formula: String { "m = max x; sum e^(x - m), 0 for m = -inf" }
  public var source: String { "ours: two passes, and -inf not taken off from itself" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let maximum = greatest(x)
    guard maximum > -T.infinity else { return [maximum, 0, targetLogit(x, t)] }
    let (_, sum) = shiftedExponentialSum(x)
    return [maximum, sum, targetLogit(x, t)]
  }
}

/// The target's logit; −∞ where it is in another shard.
@inlinable
func targetLogit<T: LossNumber>(_ x: [T], _ label: Int) -> T {
  x.indices.contains(label) ? x[label] : -T.infinity
}

/// Shard after shard into one maximum and one sum, as from a buffer of what all have gathered.
public struct PairwiseMergedCrossEntropy: GradientAlgorithm {
  public var name: String { "pairwise" }
  public let function = LossFunction.mergedCrossEntropy
  public var formula: String {
    "m' = max(m, m_k); s = s e^(m - m') + s_k e^(m_k - m'); -(t - m - log s)"
  }
  public var source: String {
    "TransformerEngine transformer_engine/common/triton/cross_entropy.py, cross_entropy_kernel"
  }
  public var frameworks: [String] { ["TransformerEngine"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits m: [T], gradOutput g: [T]) -> [T] {
    var (maximum, sum) = (m[0], g[0])
    for shard in 1..<m.count {
      let next = T.maximum(maximum, m[shard])
      sum = sum * T.exp(maximum - next) + g[shard] * T.exp(m[shard] - next)
      maximum = next
    }
    return [T.log(sum) - (greatest(g[m.count...]) - maximum)]
  }
}

/// All sums brought to the greatest maximum, as by a reduction over the shards.
public struct ReducedMergedCrossEntropy: GradientAlgorithm {
  public var name: String { "reduced" }
  public let function = LossFunction.mergedCrossEntropy
  public var formula: String { "M = max m; log(sum s e^(m - M)) - (t - M)" }
  public var source: String {
    "Megatron-LM megatron/core/tensor_parallel/cross_entropy.py, VocabParallelCrossEntropy"
  }
  public var frameworks: [String] { ["Megatron-LM"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits m: [T], gradOutput g: [T]) -> [T] {
    let maximum = greatest(m)
    var sum: T = 0
    for shard in m.indices { sum += g[shard] * T.exp(m[shard] - maximum) }
    return [T.log(sum) - (greatest(g[m.count...]) - maximum)]
  }
}
