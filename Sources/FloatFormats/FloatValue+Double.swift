internal import Multiprecision

extension FloatValue {
  /// The value of a `Double`, exactly; not generic, so that it is fast from other modules, too.
  public init(_ value: Double) {
    let bits = value.bitPattern
    let (field, fraction) = (Int(bits >> 52 & 0x7FF), bits & (1 << 52 - 1))
    if field == 0x7FF {
      self = fraction == 0 ? .infinity(isNegative: value.sign == .minus) : .nan
    } else {
      self.init(
        isNegative: value.sign == .minus,
        significand: UInt128(field == 0 ? fraction : fraction | 1 << 52),
        exponent: max(field, 1) - 1075)
    }
  }

  /// The value of a native floating-point number of at most 64 significand bits, exactly.
  public init<T: BinaryFloatingPoint>(_ value: T) where T.RawSignificand: FixedWidthInteger {
    if value.isNaN {
      self = .nan
    } else if value.isInfinite {
      self = .infinity(isNegative: value.sign == .minus)
    } else if value == 0 {
      self = .zero(isNegative: value.sign == .minus)
    } else {
      let isSubnormal = value.exponentBitPattern == 0
      let implicit: UInt128 = isSubnormal ? 0 : 1 << UInt128(T.significandBitCount)
      let bias = 1 << (T.exponentBitCount - 1) - 1
      let biased = isSubnormal ? 1 : Int(value.exponentBitPattern)
      self.init(
        isNegative: value.sign == .minus,
        significand: implicit | UInt128(value.significandBitPattern),
        exponent: biased - bias - T.significandBitCount)
    }
  }

  /// The nearest `Double`; exact for every value of a format that float64 holds.
  public var double: Double {
    switch kind {
    case .nan: return .nan
    case .infinite: return isNegative ? -.infinity : .infinity
    case .finite:
      // One rounding: to 64 bits with the lost ones gathered in the last, then to the format.
      let excess = max(0, 128 - significand.leadingZeroBitCount - 64)
      var top = UInt64(truncatingIfNeeded: significand >> UInt128(excess))
      if excess > 0, significand << UInt128(128 - excess) != 0 { top |= 1 }
      let result: Double
      if exponent + excess >= -1074 {
        result = Double(sign: .plus, exponent: exponent + excess, significand: Double(top))
      } else {
        result = FloatFormat.float64.rounded(magnitude, .nearestEven).smallDouble
      }
      return isNegative ? -result : result
    }
  }

  /// The `Double` of a non-negative value that already is one.
  private var smallDouble: Double {
    let significand = Double(UInt64(truncatingIfNeeded: significand))
    return Double(sign: .plus, exponent: exponent, significand: significand)
  }
}
