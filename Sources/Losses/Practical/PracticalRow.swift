/// What the practical forms need of a row: its maximum, and log1p of Σ e^(x − m) over the others.
@usableFromInline
struct PracticalRow<T: LossNumber> {
  @usableFromInline let maximum: T
  @usableFromInline let greatest: Int
  /// S, and log(1 + S).
  @usableFromInline let sum: T
  @usableFromInline let logarithm: T

  @inlinable
  init(_ x: UnsafeBufferPointer<T>) {
    greatest = greatestIndex(x)
    maximum = x[greatest]
    let (sum, error) = exponentialSum(x, maximum: maximum, greatest: greatest)
    self.sum = sum
    // What the sums lost, through the derivative of the logarithm. An ordinary logarithm is the quicker
    // one, where 1 + S keeps enough of S.
    let total = twoSum(1, sum)
    if sum >= 1 {
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
