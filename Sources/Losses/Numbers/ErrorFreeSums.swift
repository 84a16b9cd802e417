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
