internal import Multiprecision

extension FloatFormat {
  /// The number of the format nearest to a decimal literal such as `-1.5e-7`, rounded once.
  ///
  /// - Returns: nil where the text is not a decimal literal.
  public func value(decimal text: String) -> FloatValue? {
    var text = text
    guard let literal = text.withUTF8({ DecimalLiteral($0) }) else { return nil }
    if isWithinFloat64, let number = nearest(literal) { return FloatValue(number) }
    // Numbers of p + 64 bits include all breakpoints, and none lies strictly between neighbours:
    // the first enclosure decides.
    guard let enclosure = Enclosure.decimal(text, precision: precision + 64) else {
      return nil
    }
    guard let value = rounded(enclosure, .nearestEven) else { return nil }
    return value.isZero ? .zero(isNegative: literal.isNegative) : value
  }

  /// The number nearest to a decimal literal, for a format that float64 holds.
  ///
  /// - Returns: nil where the text is no literal, or where only `value(decimal:)` can tell.
  package func number(decimal text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard isWithinFloat64, let literal = DecimalLiteral(text) else { return nil }
    return nearest(literal)
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
    var text: [UInt8] = []
    return isWithinFloat64 && appendQuickDecimal(value.double, to: &text)
      ? String(decoding: text, as: UTF8.self) : searchedDecimal(value)
  }

  /// The shortest decimal of a finite value other than 0, found in any format by trying.
  package func searchedDecimal(_ value: FloatValue) -> String {
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
