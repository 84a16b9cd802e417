/// What the practical forms need of a row: its maximum, and log1p of Σ e^(x − m) over the others.
@usableFromInline
struct PracticalRow<T: LossNumber> {
  @usableFromInline let maximum: T
  @usableFromInline let greatest: Int
  /// S, and log(1 + S). Where S would overflow, S and 1 are e^(−4) or e^(−8) times as large.
  @usableFromInline let sum: T
  @usableFromInline let one: T
  @usableFromInline let logarithm: T

  @inlinable
  init(_ x: UnsafeBufferPointer<T>) {
    greatest = greatestIndex(x)
    maximum = x[greatest]
    var (sum, error) = exponentialSum(x, maximum: maximum, greatest: greatest)
    var shift: T = 0
    // As of tens of thousands of classes in float16.
    while !sum.isFinite, maximum.isFinite, shift < 8 {
      shift += 4
      (sum, error) = exponentialSum(
        x, x.indices, maximum: maximum, greatest: greatest, shift: -shift)
    }
    self.sum = sum
    guard shift == 0 else {
      one = T.exp(-shift)
      let total = twoSum(one, sum)
      logarithm = shift + (T.log(total.sum) + (total.error + error) / total.sum)
      return
    }
    one = 1
    // What the sums lost, through the derivative of the logarithm. An ordinary logarithm is the quicker
    // one: of ten classes, log1p takes as long as all the exponentials. With e what 1 + S lost, the
    // second order is e²/2: from S = 1/16 on, e²/(2S) is at most u/32, and the rounding of e/(1 + S) at
    // most u/8, both in bfloat16.
    let total = twoSum(1, sum)
    if 16 * sum >= 1 {
      logarithm = T.log(total.sum) + (total.error + error) / total.sum
    } else {
      logarithm = T.log(onePlus: sum) + error / total.sum
    }
  }

  @usableFromInline var isFinite: Bool { maximum.isFinite }

  /// (m − x) + log(1 + S), with the error of the difference.
  @inlinable
  func loss(of logit: T) -> T {
    let (distance, error) = twoSum(maximum, -logit)
    guard distance.isFinite else {
      // The limit where a single logit is +∞; of several, or of −∞ alone, there is none.
      return logit == .infinity && sum == 0 ? 0 : distance
    }
    return distance + (logarithm + error)
  }
}
