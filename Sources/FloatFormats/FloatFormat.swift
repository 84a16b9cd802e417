/// A binary floating-point format: a descriptor, not a type of numbers.
///
/// A format has p bits of precision and exponents emin ≤ e ≤ emax of its normal numbers; below emin
/// the numbers are subnormal, spaced by 2^(emin − p + 1). Formats of the same numbers are the same.
public struct FloatFormat: Hashable, Sendable {
  /// What stands at the top of the range.
  public enum Specials: Hashable, Sendable {
    /// As in IEEE 754: the largest exponent field holds infinities and NaNs.
    case ieee
    /// Finite and NaN only ("fn"): the largest exponent field holds numbers, the all-ones pattern
    /// is NaN, and what would be infinite is NaN. So float8_e4m3fn ends at 448.
    case finiteAndNaN
  }

  /// The number of exponent bits.
  public let exponentBitCount: Int
  /// The number of stored fraction bits, one less than the precision.
  public let fractionBitCount: Int
  /// What stands at the top of the range.
  public let specials: Specials

  /// The number of significand bits p, the leading one included.
  public var precision: Int { fractionBitCount + 1 }
  /// The number of bits of an encoded value.
  public var bitCount: Int { 1 + exponentBitCount + fractionBitCount }
  /// The number of bytes an encoded value takes in a file.
  public var byteCount: Int { (bitCount + 7) / 8 }
  /// What is added to an exponent when it is encoded.
  public var bias: Int { 1 << (exponentBitCount - 1) - 1 }
  /// The exponent of the least normal number.
  public var leastExponent: Int { 1 - bias }
  /// The exponent of the greatest finite number.
  public var greatestExponent: Int { specials == .ieee ? bias : bias + 1 }

  /// Whether float64 holds every number of the format.
  public var isWithinFloat64: Bool { exponentBitCount <= 11 && fractionBitCount <= 52 }

  /// u = 2^(−p): the largest relative error of rounding a normal number to nearest.
  public var unitRoundoff: Double {
    Double(sign: .plus, exponent: -precision, significand: 1)
  }

  /// The encoding of the greatest finite number; those of one sign are ordered as their numbers are.
  package var greatestPattern: UInt128 {
    // Above it stands infinity, or of the "fn" formats the all-ones pattern, which is NaN.
    let firstOfLastField: UInt128 =
      (1 << exponentBitCount - 1) << fractionBitCount
    return specials == .ieee
      ? firstOfLastField - 1 : firstOfLastField | (1 << fractionBitCount - 2)
  }

  /// The greatest finite number.
  public var greatestFinite: FloatValue {
    let allOnes: UInt128 = 1 << precision - 1
    // Of the "fn" formats the all-ones significand of the last binade is NaN.
    return FloatValue(
      isNegative: false, significand: specials == .ieee ? allOnes : allOnes - 1,
      exponent: greatestExponent - fractionBitCount)
  }

  /// The least positive normal number.
  public var leastNormal: FloatValue {
    FloatValue(isNegative: false, significand: 1, exponent: leastExponent)
  }

  /// The least positive number, a subnormal.
  public var leastSubnormal: FloatValue {
    FloatValue(isNegative: false, significand: 1, exponent: leastExponent - fractionBitCount)
  }

  /// What a result too large for the format becomes.
  var overflowed: FloatValue { specials == .ieee ? .infinity : .nan }

  /// The exponent of the unit in the last place of numbers with |x| in [2^e, 2^(e+1)); below the
  /// normal range, of the subnormal spacing.
  public func ulpExponent(binaryExponent e: Int) -> Int {
    max(e, leastExponent) - fractionBitCount
  }

  /// The unit in the last place at `value`: the spacing of the format in the value's binade, and
  /// the subnormal spacing at zero and below the normal range.
  ///
  /// Nil where the value is not finite. Beyond the greatest number the binades go on unbounded.
  public func ulp(at value: FloatValue) -> FloatValue? {
    guard value.isFinite else { return nil }
    let exponent = ulpExponent(binaryExponent: value.binaryExponent ?? leastExponent)
    return FloatValue(isNegative: false, significand: 1, exponent: exponent)
  }
}

extension FloatFormat: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
