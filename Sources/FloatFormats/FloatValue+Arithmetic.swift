internal import Multiprecision

// Exact arithmetic where it is asked for a few numbers at a time.

extension FloatValue {
  /// This times 2^`exponent`.
  package func scaled(byPowerOfTwo exponent: Int) -> FloatValue {
    guard isFinite, !isZero else { return self }
    return FloatValue(
      isNegative: isNegative, significand: significand, exponent: self.exponent + exponent)
  }

  /// This plus `other`·2^`exponent`: exactly, or to 128 bits where the sum has more.
  package func adding(_ other: FloatValue, scaledByPowerOfTwo exponent: Int) -> FloatValue {
    let addend = other.scaled(byPowerOfTwo: exponent)
    guard isFinite, addend.isFinite else { return .nan }
    if isZero { return addend }
    if addend.isZero { return self }
    let sum = BigFloat.exactSum(BigFloat(self), BigFloat(addend))
    let rounded = sum.rounded(precision: min(max(sum.significantBitCount, 1), 128), .nearestEven)
    guard let (significand, exponent) = rounded.significandAndExponent else { return .nan }
    return FloatValue(
      isNegative: rounded.isNegative && significand > 0, significand: significand,
      exponent: exponent)
  }
}
