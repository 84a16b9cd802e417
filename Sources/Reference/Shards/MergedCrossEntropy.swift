internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The cross-entropy from what each shard k has: the maximum mₖ, the sum sₖ of exponentials and the target's logit tₖ,
/// −∞ but in the shard that has the target. With M the greatest mₖ and t the greatest tₖ
///
///     (M − t) + log Σ sₖ·e^(mₖ − M) = (M − t) + log1p((A − 1) + R),
///
/// A the sum of the sₖ at M, exact, and R what the others add.
///
/// Were it a rational v, e^(v + t) = Σ sₖ·e^(mₖ) with rational exponents and coefficients. By Lindemann and Weierstrass
/// the terms of one exponent cancel by themselves: all mₖ that count are v + t, and their sₖ sum to 1. Then R = 0 and
/// A = 1, and the value is M − t.
struct MergedCrossEntropy: ExactScalar {
  /// The maxima of the shards that count.
  private let row: LogitRow?
  private let sums: [FloatValue]
  private let target: FloatValue
  private let limit: LimitValue

  init(_ input: LossInput) {
    let count = input.logits.count
    var (maxima, sums): ([FloatValue], [FloatValue]) = ([], [])
    var target = FloatValue.infinity(isNegative: true)
    var (hasNaN, isInfinite) = (false, false)
    for shard in 0..<count {
      let (maximum, sum) = (input.logits[shard], input.gradOutput[shard])
      let logit = input.gradOutput[count + shard]
      if maximum.isNaN || sum.isNaN || logit.isNaN { hasNaN = true }
      if target.isLess(than: logit) { target = logit }
      let isMasked = maximum == .infinity(isNegative: true)
      if sum.isZero || isMasked {
        // 0·∞.
        if maximum == .infinity || sum.isInfinite { hasNaN = true }
      } else if maximum.isFinite, sum.isFinite {
        maxima.append(maximum)
        sums.append(sum)
      } else {
        isInfinite = true
      }
    }
    let isCounted = !hasNaN && !isInfinite && !maxima.isEmpty && target.isFinite
    row = isCounted ? LogitRow(maxima, LossOptions()) : nil
    self.sums = sums
    self.target = target
    // ∞ − ∞ has no value, and of the rest one is infinite.
    let logSumExp: FloatValue? =
      isInfinite ? .infinity : maxima.isEmpty ? .infinity(isNegative: true) : nil
    limit =
      if hasNaN || target == logSumExp { .notANumber } else if let logSumExp {
        logSumExp.isNegative ? .negativeInfinity : .positiveInfinity
      } else { target.isNegative ? .positiveInfinity : .negativeInfinity }
  }

  var precisionLoss: Int { row?.precisionLoss ?? 0 }

  func entry(precision: Int) -> ExactEntry {
    guard let row else { return .limit(limit) }
    // A − 1.
    var excess = BigFloat(-1)
    var tail = Enclosure(0)
    for shard in sums.indices {
      let sum = BigFloat(sums[shard])
      if row[shard].isNumericallyEqual(to: row.maximum) {
        excess = .exactSum(excess, sum)
      } else {
        var term = row.exponential(shard, precision: precision)
        term.multiply(by: sum, precision: precision)
        tail = .sum(tail, term, precision: precision)
      }
    }
    tail.add(excess, precision: precision + excess.significantBitCount)
    tail.apply(.logarithmOnePlus, precision: precision)
    return .real(
      HeadAndTail(
        head: .exactDifference(BigFloat(row.logits[row.maximumIndex]), BigFloat(target)),
        tail: tail))
  }
}
