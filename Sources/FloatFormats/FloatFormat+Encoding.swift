internal import Multiprecision

extension FloatFormat {
  /// The value that the lowest `bitCount` bits of `bits` encode.
  public func decode(_ bits: UInt128) -> FloatValue {
    let fractionMask: UInt128 = 1 << fractionBitCount - 1
    let fieldMask: UInt128 = 1 << exponentBitCount - 1
    let fraction = bits & fractionMask
    let field = bits >> fractionBitCount & fieldMask
    let isNegative = bits >> (bitCount - 1) & 1 == 1
    if field == fieldMask {
      switch specials {
      case .ieee: return fraction == 0 ? .infinity(isNegative: isNegative) : .nan
      case .finiteAndNaN where fraction == fractionMask: return .nan
      case .finiteAndNaN: break
      }
    }
    let implicit: UInt128 = field == 0 ? 0 : 1 << fractionBitCount
    return FloatValue(
      isNegative: isNegative, significand: implicit | fraction,
      exponent: max(Int(field), 1) - bias - fractionBitCount)
  }

  /// The bits that encode `value`; NaN has one encoding, the quiet one with an empty payload.
  ///
  /// - Returns: nil where the format does not hold the value.
  public func encode(_ value: FloatValue) -> UInt128? {
    let signBit: UInt128 = value.isNegative ? 1 << (bitCount - 1) : 0
    let fieldMask: UInt128 = 1 << exponentBitCount - 1
    switch value.kind {
    case .nan:
      let fraction: UInt128 =
        specials == .ieee
        ? 1 << (fractionBitCount - 1) : 1 << fractionBitCount - 1
      return fieldMask << fractionBitCount | fraction
    case .infinite:
      return specials == .ieee ? signBit | fieldMask << fractionBitCount : nil
    case .finite:
      guard let e = value.binaryExponent else { return signBit }
      guard contains(value) else { return nil }
      let ulpExponent = ulpExponent(binaryExponent: e)
      let significand = value.significand << (value.exponent - ulpExponent)
      guard e >= leastExponent else { return signBit | significand }
      let fraction = significand & (1 << fractionBitCount - 1)
      return signBit | UInt128(e + bias) << fractionBitCount | fraction
    }
  }

  /// Whether the format holds `value` exactly.
  public func contains(_ value: FloatValue) -> Bool {
    switch value.kind {
    case .nan: return true
    case .infinite: return specials == .ieee
    case .finite:
      guard let e = value.binaryExponent else { return true }
      return value.exponent >= ulpExponent(binaryExponent: e) && !isTooGreat(value)
    }
  }

  /// Whether a finite value, of at most as many significant bits as the format has, is beyond its
  /// greatest.
  func isTooGreat(_ value: FloatValue) -> Bool {
    guard let e = value.binaryExponent, e >= greatestExponent else { return false }
    // Of the "fn" formats the all-ones significand of the last binade is NaN.
    return e > greatestExponent
      || specials == .finiteAndNaN && value.significand == 1 << precision - 1
  }

  /// The least value of the format above `value`, one of its own: −∞ → the least finite, −0 → the
  /// least subnormal, the greatest finite → +∞ (NaN without infinities); +∞ and NaN stay.
  public func nextUp(_ value: FloatValue) -> FloatValue {
    switch value.kind {
    case .nan: return .nan
    case .infinite: return value.isNegative ? greatestFinite.negated : value
    case .finite:
      guard !value.isZero else { return leastSubnormal }
      guard let bits = encode(value) else { return rounded(value, .up) }
      // Encodings of one sign are ordered as their magnitudes are.
      return decode(value.isNegative ? bits - 1 : bits + 1)
    }
  }

  /// The greatest value of the format below `value`: the mirror image of `nextUp`.
  public func nextDown(_ value: FloatValue) -> FloatValue {
    nextUp(value.negated).negated
  }
}
