public import RealModule

/// Blocks of 4 logits, each shifted by its own maximum, joined as the one-pass form joins logits:
/// what fused attention and cross-entropy kernels do with larger blocks.
public struct BlockedSum: ShiftedSum {
  public var name: String { "blocked" }
  public var formula: String {
    "blocks of 4: m' = max(m, m_b), s = s e^(m - m') + s_b e^(m_b - m')"
  }
  public var source: String { "Dao et al., \"FlashAttention\" (2022), Algorithm 1" }
  public var frameworks: [String] { ["flash-attn", "Unsloth"] }

  public init() {}

  @inlinable
  public func shiftedSum<T: Real>(_ x: [T]) -> (maximum: T, sum: T) {
    var maximum = -T.infinity
    var sum: T = 0
    for start in stride(from: 0, to: x.count, by: 4) {
      let block = shiftedExponentialSum(Array(x[start..<min(start + 4, x.count)]))
      // A block that is masked out, all −∞, adds nothing; shifted by its own maximum it is NaN.
      if block.maximum == -.infinity { continue }
      let next = T.maximum(maximum, block.maximum)
      let kept = sum == 0 ? 0 : sum * T.exp(maximum - next)
      sum = kept + block.sum * T.exp(block.maximum - next)
      maximum = next
    }
    return (maximum, sum)
  }
}
