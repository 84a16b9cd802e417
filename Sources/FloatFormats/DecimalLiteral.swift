/// A decimal literal `[+-]digits[.digits][e[+-]digits]`, taken apart: ± significand · 10^exponent, and
/// something below where digits are left out.
struct DecimalLiteral {
  private(set) var isNegative = false
  /// The first 19 digits, of which every integer fits, from the first that is not zero.
  private(set) var significand: UInt64 = 0
  /// The power of ten; beyond `PowerOfTen.exponents` where it is written so large that it is cut.
  private(set) var exponent = 0
  /// Whether digits other than zeros are left out.
  private(set) var isTruncated = false

  /// - Returns: nil where the text is no such literal. This is stricter than MPFR's own reader, which
  ///   takes leading blanks, "@nan@" and more.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    var position = 0
    func next() -> UInt8? { position < text.count ? text[position] : nil }
    func isSign(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }
    if isSign(next()) {
      isNegative = text[0] == UInt8(ascii: "-")
      position += 1
    }
    var digitCount = 0
    func takeDigits(_ literal: inout Self, inFraction isFraction: Bool) -> Bool {
      let start = position
      while let digit = next().map({ $0 &- UInt8(ascii: "0") }), digit < 10 {
        position += 1
        if digitCount < 19 {
          literal.significand = literal.significand &* 10 &+ UInt64(digit)
          if literal.significand > 0 { digitCount += 1 }
          if isFraction { literal.exponent -= 1 }
        } else {
          if digit > 0 { literal.isTruncated = true }
          if !isFraction { literal.exponent += 1 }
        }
      }
      return position > start
    }
    guard takeDigits(&self, inFraction: false) else { return nil }
    if next() == UInt8(ascii: ".") {
      position += 1
      guard takeDigits(&self, inFraction: true) else { return nil }
    }
    if let byte = next(), byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      let isDown = next() == UInt8(ascii: "-")
      if isSign(next()) { position += 1 }
      let start = position
      var written = 0
      while let digit = next().map({ $0 &- UInt8(ascii: "0") }), digit < 10 {
        position += 1
        written = min(written * 10 + Int(digit), 1 << 40)
      }
      guard position > start else { return nil }
      exponent += isDown ? -written : written
    }
    guard position == text.count else { return nil }
  }
}

extension FloatFormat {
  /// The number nearest to a literal, rounded once, for a format that float64 holds.
  ///
  /// - Returns: nil where integers do not decide it, and beyond the format's greatest binade but one.
  func nearest(_ literal: DecimalLiteral) -> Double? {
    guard let value = nearest(literal.significand, tenTo: literal.exponent) else { return nil }
    if literal.isTruncated {
      // The literal lies between the significand and the next: both must agree.
      guard nearest(literal.significand + 1, tenTo: literal.exponent) == value else { return nil }
    }
    return literal.isNegative ? -value : value
  }

  /// The number nearest to `significand`·10^`exponent`, which is not negative.
  func nearest(_ significand: UInt64, tenTo exponent: Int) -> Double? {
    guard significand > 0 else { return 0 }
    guard let product = DecimalProduct(significand, tenTo: exponent),
      product.binaryExponent < greatestExponent
    else { return nil }
    let ulpExponent = ulpExponent(binaryExponent: product.binaryExponent)
    guard
      let rounded = product.rounded(toMultiplesOf: ulpExponent)
        ?? DecimalProduct(exactly: significand, tenTo: exponent)?.rounded(
          toMultiplesOf: ulpExponent)
    else { return nil }
    return rounded.nearest == 0 ? 0 : Double(rounded.nearest, scaledByPowerOfTwo: ulpExponent)
  }
}

extension Double {
  /// `integer`·2^`exponent`, not 0 and a number of float64, from its bits: no mode of the processor
  /// bends it.
  fileprivate init(_ integer: UInt64, scaledByPowerOfTwo exponent: Int) {
    if exponent + 63 - integer.leadingZeroBitCount < -1022 {
      self.init(bitPattern: integer << UInt64(exponent + 1074))
    } else {
      let scaling = UInt64(bitPattern: Int64(exponent)) << 52
      self.init(bitPattern: Double(integer).bitPattern &+ scaling)
    }
  }
}
