/// Arithmetic of dyadic rationals without rounding: the result has as many bits as it needs.
///
/// The bits that a sum needs reach from its terms' highest to their lowest, some 4,200 at most for
/// products of two float64 numbers, and far fewer for numbers of like size.
extension BigFloat {
  /// a + b of finite numbers, exactly.
  public static func exactSum(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat
  ) -> BigFloat {
    guard let topA = a.binaryExponent else { return b.copy() }
    guard let topB = b.binaryExponent else { return a.copy() }
    let lowest = min(topA - a.significantBitCount, topB - b.significantBitCount)
    // One more bit for the carry.
    var result = BigFloat(precision: max(topA, topB) - lowest + 1)
    result.assignSum(a, b, rounding: .nearestEven)
    return result
  }

  /// a − b of finite numbers, exactly.
  public static func exactDifference(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat
  ) -> BigFloat {
    var negated = b.copy()
    negated.negate()
    return exactSum(a, negated)
  }

  /// a · b of finite numbers, exactly.
  public static func exactProduct(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat
  ) -> BigFloat {
    var result = BigFloat(precision: a.significantBitCount + b.significantBitCount)
    result.assignProduct(a, b, rounding: .nearestEven)
    return result
  }
}
