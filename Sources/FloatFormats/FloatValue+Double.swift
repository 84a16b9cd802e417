internal import Multiprecision

extension FloatValue {
  /// The value of a double, exactly.
  public init(_ value: Double) {
    let isNegative = value.sign == .minus
    let field = Int(value.exponentBitPattern)
    guard field < 0x7FF else {
      self = value.isNaN ? .nan : .infinity(isNegative: isNegative)
      return
    }
    let implicit: UInt64 = field == 0 ? 0 : 1 << 52
    let significand = implicit | value.significandBitPattern
    guard significand != 0 else {
      self = .zero(isNegative: isNegative)
      return
    }
    // In a machine word: most numbers come this way.
    let zeros = significand.trailingZeroBitCount
    self.init(
      kind: .finite, isNegative: isNegative, significand: UInt128(significand &>> UInt64(zeros)),
      exponent: max(field, 1) - 1075 + zeros)
  }

  /// The value of a native floating-point number of at most 64 significand bits, exactly.
  public init<T: BinaryFloatingPoint>(_ value: T) where T.RawSignificand: FixedWidthInteger {
    guard T.exponentBitCount > 11 || T.significandBitCount > 52 else {
      self.init(Double(value))
      return
    }
    guard value.isFinite else {
      self = value.isNaN ? .nan : .infinity(isNegative: value.sign == .minus)
      return
    }
    let isSubnormal = value.exponentBitPattern == 0
    let implicit: UInt128 = isSubnormal ? 0 : 1 << T.significandBitCount
    let bias = 1 << (T.exponentBitCount - 1) - 1
    self.init(
      isNegative: value.sign == .minus,
      significand: implicit | UInt128(value.significandBitPattern),
      exponent: max(Int(value.exponentBitPattern), 1) - bias - T.significandBitCount)
  }

  /// The nearest `Double`; exact for every value of a format that float64 holds.
  public var double: Double {
    // A normal number, as most are, is its significand times a power of two.
    if significand >> 53 == 0, significand > 0, exponent >= -1022, exponent <= 970 {
      let power = Double(
        sign: .plus, exponentBitPattern: UInt(exponent + 1023), significandBitPattern: 0)
      let magnitude = Double(UInt64(truncatingIfNeeded: significand)) * power
      return isNegative ? -magnitude : magnitude
    }
    let format = FloatFormat.float64
    let bits = format.encode(format.rounded(self, .nearestEven)) ?? 0
    return Double(bitPattern: UInt64(truncatingIfNeeded: bits))
  }
}
