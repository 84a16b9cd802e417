internal import FloatFormats
internal import Multiprecision

// Numbers of the case's format, and how they are chosen.

extension CaseDraft {
  /// 1.
  var one: Encoding { Encoding(format.bias) << Encoding(format.fractionBitCount) }

  /// The number nearest to `value`; of the greatest magnitude where that overflows.
  ///
  /// What has overflowed on the way, from a format wider than Double, is of the greatest, too.
  func number(_ value: Double) -> Encoding {
    let nearest: Encoding =
      switch width {
      case .float32: Encoding(Float(value).bitPattern)
      case .float64: Encoding(value.bitPattern)
      case .withinFloat64: Encoding(format.encoding(value))
      case .beyondFloat64: encoding(FloatValue(value))
      }
    guard nearest & ~signBit > greatest else { return nearest }
    return value < 0 ? signBit | greatest : greatest
  }

  /// The double nearest to a number.
  func double(_ number: Encoding) -> Double {
    switch width {
    case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: number)))
    case .float64: Double(bitPattern: UInt64(truncatingIfNeeded: number))
    case .withinFloat64: format.double(UInt64(truncatingIfNeeded: number))
    case .beyondFloat64: format.decode(number).double
    }
  }

  /// The encoding of a value, which is rounded where the format does not hold it.
  func encoding(_ value: FloatValue) -> Encoding {
    format.encode(value) ?? format.encode(format.rounded(value, .nearestEven)) ?? greatest
  }

  /// −∞ or +∞, or the greatest number where the format has no infinities.
  func infinity(isNegative: Bool) -> Encoding {
    format.specials == .ieee ? (isNegative ? signBit : 0) | (greatest + 1) : greatest
  }

  /// The number with its sign changed.
  func negated(_ number: Encoding) -> Encoding { number ^ signBit }

  /// Whether the number is a zero of either sign.
  func isZero(_ number: Encoding) -> Bool { number & ~signBit == 0 }

  /// The number so many steps above a finite one, or below it; the greatest where there are fewer.
  func neighbour(of number: Encoding, steps: Int) -> Encoding {
    let magnitude = Int128(truncatingIfNeeded: number & ~signBit)
    let isNegative = number & signBit != 0
    let moved = (isNegative ? -magnitude : magnitude) + Int128(steps)
    // One zero lies between the least numbers, that of the side it is reached from.
    let sign = moved < 0 || (moved == 0 && isNegative) ? signBit : 0
    return sign | min(moved.magnitude, greatest)
  }

  /// The finite number with a place: by magnitude, the positive before its negative.
  func finiteNumber(_ place: Int) -> Encoding {
    let number = Encoding(place % format.finiteNumberCount / 2)
    return place.isMultiple(of: 2) ? number : negated(number)
  }
}

extension FloatFormat {
  /// The number of encodings of finite numbers, zeros of both signs among them; of formats too wide to
  /// count through, of the least of them.
  var finiteNumberCount: Int { 2 * (Int(min(greatestPattern, 0xFFFF)) + 1) }
}

// MARK: - Choices

extension CaseDraft {
  /// The number or, for the choice 1, its negative.
  mutating func signed(_ number: Encoding) -> Encoding {
    choices.isNegative() ? negated(number) : number
  }

  /// The number or a neighbour, up to `limit` steps off; always finite.
  mutating func neighbour(of number: Encoding, within limit: Int) -> Encoding {
    neighbour(of: number, steps: choices.integer(within: limit))
  }

  /// The whole number nearest to 0 by small choices, of at most the format's greatest.
  mutating func wholeNumber(within limit: Int) -> Encoding {
    number(Double(choices.integer(within: limit)))
  }

  /// A finite number, each encoding as likely: all binades, and the subnormals. The choice 0 is 1, and
  /// small ones are numbers of few bits near it.
  mutating func anyNumber() -> Encoding {
    let fieldCount = 1 << format.exponentBitCount
    let lastField = format.specials == .ieee ? fieldCount - 2 : fieldCount - 1
    return number(exponentField: choices.integer(in: 0...lastField, from: format.bias))
  }

  /// A number of at least 2⁵, each binade as likely; of a format that ends below, of its last binade.
  mutating func hugeNumber() -> Encoding {
    let last = format.greatestExponent
    return number(exponentField: choices.integer(in: min(5, last)...last) + format.bias)
  }

  /// A number of a binade, of either sign.
  private mutating func number(exponentField field: Int) -> Encoding {
    let fraction = choices.leadingBits(format.fractionBitCount)
    // The all-ones pattern of the formats without infinities is NaN.
    return signed(min(Encoding(field) << Encoding(format.fractionBitCount) | fraction, greatest))
  }

  /// 0, or a number of up to four significant bits between an ulp of 1 and 2⁷, of either sign.
  mutating func shortNumber() -> Encoding {
    let fractionBitCount = choices.integer(in: 0...min(4, format.precision)) - 1
    guard fractionBitCount >= 0 else { return signed(0) }
    let least = max(-format.fractionBitCount, format.leastExponent)
    let exponent = choices.integer(in: least...min(7, format.greatestExponent), from: 0)
    let fraction = choices.leadingBits(fractionBitCount)
    let number =
      Encoding(exponent + format.bias) << Encoding(format.fractionBitCount)
      | fraction << Encoding(format.fractionBitCount - fractionBitCount)
    return signed(number > greatest ? one : number)
  }

  /// A subnormal number, 0 or one of the least normal numbers, of either sign.
  mutating func subnormalNumber() -> Encoding {
    // 0 bits for zero; of more, up to a bit beyond the subnormals, the leading one is set.
    let bitCount = choices.integer(in: 0...format.precision)
    guard bitCount > 0 else { return signed(0) }
    let leading: Encoding = 1 << Encoding(bitCount - 1)
    return signed(min(leading | choices.leadingBits(bitCount - 1), greatest))
  }
}
