/// a + b as its rounded sum and what the rounding lost, exactly, unless the sum overflows (Knuth).
@inlinable @inline(__always)
func twoSum<T: LossNumber>(_ a: T, _ b: T) -> (sum: T, error: T) {
  let sum = a + b
  let addend = sum - a
  return (sum, (a - (sum - addend)) + (b - addend))
}

/// The same where |a| ≥ |b| or a = 0 (Dekker).
@inlinable @inline(__always)
func fastTwoSum<T: LossNumber>(_ a: T, _ b: T) -> (sum: T, error: T) {
  let sum = a + b
  return (sum, b - (sum - a))
}

/// Adds terms in pairs, and pairs of pairs, into the first one; what each addition lost joins the errors.
@inlinable @inline(__always)
func addInPairs<T: LossNumber>(
  _ terms: UnsafeMutablePointer<T>, _ errors: UnsafeMutablePointer<T>, _ count: Int
) {
  var left = count
  while left > 1 {
    let half = (left + 1) / 2
    for k in 0..<left / 2 {
      let (sum, error) = twoSum(terms[k], terms[half + k])
      terms[k] = sum
      errors[k] = (errors[k] + errors[half + k]) + error
    }
    left = half
  }
}
