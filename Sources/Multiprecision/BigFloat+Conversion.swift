internal import CMPFR

extension BigFloat {
  /// Assigns (−1)^`isNegative` · `significand` · 2^`exponent`, rounded to this value's precision.
  public mutating func assign(
    isNegative: Bool, significand: UInt64, exponent: Int, rounding direction: RoundingDirection
  ) -> Inexactness {
    let magnitudeDirection = isNegative ? direction.mirrored : direction
    let ternary = write {
      shim_mpfr_set_uint64_2exp($0, significand, Int64(exponent), magnitudeDirection.mpfr)
    }
    guard isNegative else { return Inexactness(ternary: ternary) }
    negate()
    return Inexactness(ternary: -ternary)
  }

  /// The number (−1)^`isNegative` · `significand` · 2^`exponent`, exactly.
  ///
  /// - Complexity: O(1); the precision is the significand's bit count.
  public init(isNegative: Bool, significand: UInt128, exponent: Int) {
    let high = UInt64(truncatingIfNeeded: significand >> 64)
    let low = UInt64(truncatingIfNeeded: significand)
    self.init(precision: 128 - significand.leadingZeroBitCount)
    if high == 0 {
      write { _ = shim_mpfr_set_uint64_2exp($0, low, Int64(exponent), MPFR_RNDN) }
    } else {
      var lowPart = BigFloat(precision: 64)
      lowPart.write { _ = shim_mpfr_set_uint64_2exp($0, low, Int64(exponent), MPFR_RNDN) }
      write { _ = shim_mpfr_set_uint64_2exp($0, high, Int64(exponent) + 64, MPFR_RNDZ) }
      // Both steps are exact: the precision is 64 more than the bit count of `high`.
      add(lowPart, rounding: .nearestEven)
    }
    if isNegative { negate() }
  }

  /// The significand and exponent of a finite value that has at most 128 bits.
  ///
  /// - Returns: nil where the value is not finite or has more bits.
  public var significandAndExponent: (significand: UInt128, exponent: Int)? {
    guard let leading = binaryExponent else { return isZero ? (0, 0) : nil }
    let bitCount = significantBitCount
    guard bitCount <= 128 else { return nil }
    let exponent = leading - bitCount + 1
    var scaled = copy()
    if scaled.isNegative { scaled.negate() }
    // Now an integer below 2^bitCount.
    scaled.scale(byPowerOfTwo: -exponent, rounding: .towardZero)
    guard bitCount > 64 else {
      return (UInt128(scaled.read { shim_mpfr_get_uint64($0, MPFR_RNDZ) }), exponent)
    }
    var high = scaled.copy()
    high.scale(byPowerOfTwo: -64, rounding: .towardZero)
    let highBits = high.read { shim_mpfr_get_uint64($0, MPFR_RNDZ) }
    let highPart = BigFloat(isNegative: false, significand: UInt128(highBits), exponent: 64)
    var low = BigFloat(precision: 64)
    low.assignDifference(scaled, highPart, rounding: .towardZero)
    let lowBits = low.read { shim_mpfr_get_uint64($0, MPFR_RNDZ) }
    return (UInt128(highBits) << 64 | UInt128(lowBits), exponent)
  }

  /// The nearest `Double`.
  public var double: Double { read { mpfr_get_d($0, MPFR_RNDN) } }

  /// The nearest `Double` in a direction.
  public borrowing func double(rounding direction: RoundingDirection) -> Double {
    read { mpfr_get_d($0, direction.mpfr) }
  }
}

// MARK: - Decimal text

extension BigFloat {
  /// The finite, non-zero value rounded to `count` significant decimal digits.
  ///
  /// - Returns: nil where the value is zero or not finite.
  public borrowing func decimalDigits(
    count: Int, rounding direction: RoundingDirection
  ) -> DecimalDigits? {
    guard binaryExponent != nil, count > 0 else { return nil }
    var pointPosition: mpfr_exp_t = 0
    let text = read { mpfr_get_str(nil, &pointPosition, 10, count, $0, direction.mpfr) }
    guard let text else { return nil }
    defer { mpfr_free_str(text) }
    let digits = String(cString: text)
    return DecimalDigits(
      isNegative: isNegative, digits: digits.hasPrefix("-") ? String(digits.dropFirst()) : digits,
      pointPosition: pointPosition)
  }

  /// Assigns the number that a decimal literal stands for, such as "-1.5e-7".
  ///
  /// - Returns: On which side the rounded value lies; nil where the text is not such a literal, in
  ///   whole.
  public mutating func assign(
    decimal text: String, rounding direction: RoundingDirection
  ) -> Inexactness? {
    text.withCString { start in
      var end: UnsafeMutablePointer<CChar>?
      let ternary = write { mpfr_strtofr($0, start, &end, 10, direction.mpfr) }
      guard let end, end.pointee == 0, end != start else { return nil }
      return Inexactness(ternary: ternary)
    }
  }
}
