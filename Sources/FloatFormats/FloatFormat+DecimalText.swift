internal import Multiprecision

extension FloatFormat {
  /// The number of the format nearest to a decimal literal such as `-1.5e-7`, rounded once.
  ///
  /// - Returns: nil where the text is not a decimal literal.
  public func value(decimal text: String) -> FloatValue? {
    var text = text
    guard text.withUTF8(isDecimalLiteral) else { return nil }
    // Numbers of p + 64 bits include all breakpoints, and none lies strictly between neighbours:
    // the first enclosure decides.
    guard let enclosure = Enclosure.decimal(text, precision: precision + 64) else {
      return nil
    }
    guard let value = rounded(enclosure, .nearestEven) else { return nil }
    return value.isZero ? .zero(isNegative: text.hasPrefix("-")) : value
  }

  /// The shortest decimal that reads back as `value`, of those the nearest: `0.1`, `5e-324`, `inf`.
  ///
  /// - Complexity: O(log p) conversions of p bits each, for a precision of p.
  public func shortestDecimal(_ value: FloatValue) -> String {
    switch value.kind {
    case .nan: return "nan"
    case .infinite: return value.isNegative ? "-inf" : "inf"
    case .finite where value.isZero: return value.isNegative ? "-0" : "0"
    case .finite: break
    }
    if let native = nativeDecimal(value) { return native.text }
    let exact = BigFloat(value)
    // ⌈p log₁₀ 2⌉ + 1 digits always read back. What reads back with n digits does with n + 1.
    var (least, most) = (1, 2 + precision * 30103 / 100_000)
    var best = roundTrip(exact, value, digitCount: most)
    while least < most {
      let middle = (least + most) / 2
      if let digits = roundTrip(exact, value, digitCount: middle) {
        best = digits
        most = middle
      } else {
        least = middle + 1
      }
    }
    return best?.text ?? value.hexadecimal
  }

  /// The shortest decimal as the standard library prints it, where it has the format; some thirty
  /// times as fast. The formats e8m23 and e11m52 have the same numbers and go the general way, so
  /// that the two can be compared.
  private func nativeDecimal(_ value: FloatValue) -> DecimalDigits? {
    switch self {
    case .float32: DecimalDigits(reading: Float(value.double).description)
    case .float64: DecimalDigits(reading: value.double.description)
    default: nil
    }
  }

  /// The decimal of `digitCount` digits nearest to `exact` among those that read back as `value`.
  private func roundTrip(
    _ exact: borrowing BigFloat, _ value: FloatValue, digitCount: Int
  ) -> DecimalDigits? {
    // At a power of two the gap below is half the gap above, so a decimal above may read back
    // where the nearest, below, does not.
    for direction in [RoundingDirection.nearestEven, .up, .down] {
      guard let digits = exact.decimalDigits(count: digitCount, rounding: direction) else {
        continue
      }
      if self.value(decimal: digits.text) == value { return digits }
    }
    return nil
  }
}

/// Whether `text` is `[+-]digits[.digits][e[+-]digits]`: stricter than MPFR's own reader, which
/// takes leading blanks, "@nan@" and more.
///
/// Over plain bytes, since every number of every line passes through here.
private func isDecimalLiteral(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  var position = 0
  func next() -> UInt8? { position < text.count ? text[position] : nil }
  func skipSign() {
    if next() == UInt8(ascii: "+") || next() == UInt8(ascii: "-") { position += 1 }
  }
  func skipDigits() -> Bool {
    let start = position
    while let byte = next(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    return position > start
  }
  skipSign()
  guard skipDigits() else { return false }
  if next() == UInt8(ascii: ".") {
    position += 1
    guard skipDigits() else { return false }
  }
  if let byte = next(), byte | 0x20 == UInt8(ascii: "e") {
    position += 1
    skipSign()
    guard skipDigits() else { return false }
  }
  return position == text.count
}
