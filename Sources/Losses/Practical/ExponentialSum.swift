/// Whether the format has more than twelve bits, as float32 and float64 have.
@inlinable @inline(__always)
func isWide<T: LossNumber>(_ type: T.Type) -> Bool { T.ulpOfOne * 0x1000 < 1 }

/// e^(x − m), with the error of the difference: e^(d + δ) = e^d·(1 + δ + δ²/2 + …).
///
/// Where |d| is large, d = x − m is off by up to ulp(d)/2, so that e^d alone is off by |d|/2 ulps. δ is
/// what the rounding lost, exactly; |δ| ≤ u·|d| and e^d is 0 beyond |d| ≈ 1/u in no format but
/// bfloat16, where |δ| ≤ 1/4 and the next term, δ³/6, is below u.
@inlinable @inline(__always)
func exponentialTerm<T: LossNumber>(_ x: T, _ maximum: T) -> (term: T, correction: T) {
  let (difference, error) = twoSum(x, -maximum)
  let term = T.exp(difference)
  return (term, correction(term, error))
}

@inlinable @inline(__always)
func correction<T: LossNumber>(_ term: T, _ error: T) -> T {
  // Where x − m overflowed, and for x = −∞, the error is NaN and the term 0. In wide formats δ² is
  // below u²·d² < u/100.
  term == 0 ? 0 : term * (isWide(T.self) ? error : error + error * error / 2)
}

/// S = Σ e^(xᵢ − m) over i ≠ g, as sum + error.
///
/// Terms below the least normal number keep few digits. Where enough of S is of them, all terms are
/// taken e^K times as large, so that they do: two more roundings, of e^(−K) and of the product.
@inlinable
func exponentialSum<T: LossNumber>(
  _ x: UnsafeBufferPointer<T>, maximum: T, greatest: Int
) -> (sum: T, error: T) {
  let result =
    x.count <= 16
    ? exponentialSum(ofFew: x, maximum: maximum, greatest: greatest)
    : exponentialSum(x, x.indices, maximum: maximum, greatest: greatest, shift: 0)
  // Each term is off by less than half the least number: together u/4 of this.
  let least = T((x.count + 3) / 4) * (16 * T.leastNormalMagnitude)
  guard result.sum < least, maximum.isFinite else { return result }
  // 2⁻⁹²; 2⁻⁹²³; and in float16 2⁻¹⁰, so that 2·10⁵ terms still have a finite sum.
  let shift: T =
    T.leastNormalMagnitude * 0x100000 > 1 ? 7 : T.ulpOfOne * 0x4000_0000 > 1 ? 64 : 640
  let large = exponentialSum(
    x, x.indices, maximum: maximum, greatest: greatest, shift: shift)
  guard large.sum.isFinite else { return result }
  return ((large.sum + large.error) * T.exp(-shift), 0)
}

/// The sum over a range, times e^shift.
///
/// A block of terms at a time, and all in pairs, then pairs of pairs: each addition's error is kept and
/// added up apart, which leaves u²·log₂² n of the sum: less than half an ulp for 2²⁰ terms in bfloat16
/// too, where a plain sum ends at 256.
@inlinable
func exponentialSum<T: LossNumber>(
  _ x: UnsafeBufferPointer<T>, _ range: Range<Int>, maximum: T, greatest: Int, shift: T
) -> (sum: T, error: T) {
  let block = 64
  if range.count > block {
    let half = (range.count / 2 + block - 1) & -block
    let middle = range.lowerBound + half
    let a = exponentialSum(
      x, range.lowerBound..<middle, maximum: maximum, greatest: greatest, shift: shift)
    let b = exponentialSum(
      x, middle..<range.upperBound, maximum: maximum, greatest: greatest, shift: shift)
    let total = twoSum(a.sum, b.sum)
    return fastTwoSum(total.sum, total.error + (a.error + b.error))
  }
  return withUnsafeTemporaryAllocation(of: T.self, capacity: 2 * block) { scratch in
    guard let terms = scratch.baseAddress, let logits = x.baseAddress else { return (0, 0) }
    let errors = terms + block
    let (first, count) = (range.lowerBound, range.count)
    // On the stack, of at most a KiB. Loops of one step each, over neighbours, which compilers turn into vectors.
    let skipped = range.contains(greatest) ? greatest - first : count
    // One plain rounding, of a pair, costs less than it loses: one u of the bound.
    let left = (count + 1) / 2
    let row = logits + first
    if shift == 0 {
      for k in 0..<skipped { terms[k] = T.exp(row[k] - maximum) }
      if skipped < count { terms[skipped] = 0 }
      for k in min(skipped + 1, count)..<count { terms[k] = T.exp(row[k] - maximum) }
      errors[left - 1] = correction(terms[left - 1], twoSum(row[left - 1], -maximum).error)
      for k in 0..<count / 2 {
        errors[k] =
          correction(terms[k], twoSum(row[k], -maximum).error)
          + correction(terms[left + k], twoSum(row[left + k], -maximum).error)
        terms[k] += terms[left + k]
      }
    } else {
      for k in 0..<count {
        let difference = twoSum(row[k], -maximum)
        let shifted = twoSum(difference.sum, shift)
        terms[k] = k == skipped ? 0 : T.exp(shifted.sum)
        errors[k] = correction(terms[k], difference.error + shifted.error)
      }
      for k in 0..<count / 2 {
        errors[k] += errors[left + k]
        terms[k] += terms[left + k]
      }
    }
    addInPairs(terms, errors, left)
    return fastTwoSum(terms[0], errors[0])
  }
}

/// The sum of at most sixteen terms, in two halves, each addition's error kept: of so few, the errors of
/// the errors' sum are below 16u², which is u/16 in bfloat16. It is quicker than the pairs of `exponentialSum`,
/// which are loops too short for vectors. The one loop that compilers turn into vectors reads the row, and not what
/// was stored number by number just before, for which processors wait.
@inlinable @inline(__always)
func exponentialSum<T: LossNumber>(
  ofFew x: UnsafeBufferPointer<T>, maximum: T, greatest: Int
) -> (sum: T, error: T) {
  withUnsafeTemporaryAllocation(of: T.self, capacity: 32) { scratch in
    guard let terms = scratch.baseAddress, let row = x.baseAddress else { return (0, 0) }
    let errors = terms + 16
    let count = x.count
    for k in 0..<count { (terms[k], errors[k]) = twoSum(row[k], -maximum) }
    for k in 0..<greatest { terms[k] = T.exp(terms[k]) }
    terms[greatest] = 0
    for k in greatest + 1..<count { terms[k] = T.exp(terms[k]) }
    var (left, leftError, right, rightError): (T, T, T, T) = (0, 0, 0, 0)
    @inline(__always)
    func add(_ k: Int, _ sum: inout T, _ error: inout T) {
      let next = twoSum(sum, terms[k])
      sum = next.sum
      error += next.error + correction(terms[k], errors[k])
    }
    let half = count / 2
    for k in 0..<half {
      add(k, &left, &leftError)
      add(half + k, &right, &rightError)
    }
    if count > 2 * half { add(count - 1, &left, &leftError) }
    let total = twoSum(left, right)
    return fastTwoSum(total.sum, total.error + (leftError + rightError))
  }
}

/// The index of the first greatest logit; that of a NaN where there is one.
@inlinable
func greatestIndex<T: LossNumber>(_ x: UnsafeBufferPointer<T>) -> Int {
  var greatest = 0
  var maximum = x[0]
  for index in x.indices where !(x[index] <= maximum) {
    greatest = index
    maximum = x[index]
    if maximum.isNaN { break }
  }
  return greatest
}
