/// A way to add up Σ e^(x − max).
///
/// The last rounding of a sum of n terms from first to last is n − 1 roundings away from its first
/// term; these differ in that number, or carry the roundings along.
public enum Summation: String, CaseIterable, Sendable {
  /// The sum of the halves' sums, down to single terms: ⌈log₂ n⌉ roundings for each term.
  case pairwise
  /// Compensated summation: what each addition loses is taken from the next term. Two roundings in all, to
  /// first order, however many terms there are.
  case kahan
  /// One pass: where a greater logit comes, the sum so far is scaled down to it. Each scaling costs an
  /// exponential's error and a rounding, n of each for ascending logits.
  case online
  /// Blocks of 4 logits, each shifted by its own maximum, joined as the one-pass form joins logits: what
  /// fused attention and cross-entropy kernels do with larger blocks.
  case blocked

  /// The sum in the formula of an implementation.
  var formula: String {
    switch self {
    case .pairwise: "pairwise sum of e^(x - max)"
    case .kahan: "compensated sum of e^(x - max)"
    case .online: "one pass: m' = max(m, x), s = s e^(m - m') + e^(x - m')"
    case .blocked: "blocks of 4: m' = max(m, m_b), s = s e^(m - m') + s_b e^(m_b - m')"
    }
  }

  /// Where the way comes from.
  var source: String {
    switch self {
    case .pairwise: "Higham, \"The accuracy of floating point summation\" (1993)"
    case .kahan: "Kahan, \"Further remarks on reducing truncation errors\" (1965)"
    case .online:
      "Milakov and Gimelshein, \"Online normalizer calculation for softmax\" (2018), Algorithm 3"
    case .blocked: "Dao et al., \"FlashAttention\" (2022), Algorithm 1"
    }
  }

  /// The frameworks that sum so.
  var frameworks: [String] {
    switch self {
    case .pairwise: ["NumPy"]
    case .blocked: ["flash-attn", "Unsloth"]
    case .kahan, .online: []
    }
  }

  /// The greatest logit and the sum.
  func shiftedSum<T: LossNumber>(_ x: [T]) -> (maximum: T, sum: T) {
    switch self {
    case .pairwise:
      let maximum = greatest(x)
      return (maximum, pairwiseSum(x.map { T.exp($0 - maximum) }[...]))
    case .kahan: return kahanSum(x)
    case .online: return onlineSum(x)
    case .blocked: return blockedSum(x)
    }
  }
}

private func pairwiseSum<T: LossNumber>(_ terms: ArraySlice<T>) -> T {
  guard terms.count > 1, let first = terms.first else { return terms.first ?? 0 }
  if terms.count == 2 { return first + terms[terms.startIndex + 1] }
  let middle = terms.startIndex + terms.count / 2
  return pairwiseSum(terms[..<middle]) + pairwiseSum(terms[middle...])
}

private func kahanSum<T: LossNumber>(_ x: [T]) -> (maximum: T, sum: T) {
  let maximum = greatest(x)
  var sum: T = 0
  var compensation: T = 0
  for logit in x {
    let term = T.exp(logit - maximum) - compensation
    let next = sum + term
    compensation = (next - sum) - term
    sum = next
  }
  return (maximum, sum)
}

private func onlineSum<T: LossNumber>(_ x: [T]) -> (maximum: T, sum: T) {
  var maximum = -T.infinity
  var sum: T = 0
  // A masked logit, −∞, adds nothing; before the first finite one its difference would be NaN.
  for logit in x where logit != -.infinity {
    let next = T.maximum(maximum, logit)
    if next > maximum, sum != 0 { sum = sum * T.exp(maximum - next) }
    maximum = next
    sum += T.exp(logit - maximum)
  }
  return (maximum, sum)
}

private func blockedSum<T: LossNumber>(_ x: [T]) -> (maximum: T, sum: T) {
  var maximum = -T.infinity
  var sum: T = 0
  for start in stride(from: 0, to: x.count, by: 4) {
    let block = shiftedExponentialSum(x[start..<min(start + 4, x.count)])
    // A block that is masked out, all −∞, adds nothing; shifted by its own maximum it is NaN.
    if block.maximum == -.infinity { continue }
    let next = T.maximum(maximum, block.maximum)
    let kept = sum == 0 ? 0 : sum * T.exp(maximum - next)
    sum = kept + block.sum * T.exp(block.maximum - next)
    maximum = next
  }
  return (maximum, sum)
}
