// Numbers as text, written as bytes at the end of others: many are written for each line of `evaluate`.

extension FloatValue {
  /// Appends what `hexadecimal` is.
  package func appendHexadecimal(to text: inout [UInt8]) {
    if isNegative { text.append(UInt8(ascii: "-")) }
    switch kind {
    case .nan: text.append("nan")
    case .infinite: text.append("inf")
    case .finite:
      guard let exponent = binaryExponent else { return text.append("0x0p+0") }
      text.append("0x1")
      // The bits after the leading one, from the top.
      let leadingZeros = UInt128(significand.leadingZeroBitCount)
      var fraction = (significand << leadingZeros) << 1
      if fraction != 0 { text.append(UInt8(ascii: ".")) }
      while fraction != 0 {
        let digit = UInt8(truncatingIfNeeded: fraction >> 124)
        text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        fraction <<= 4
      }
      text.append(exponent < 0 ? "p-" : "p+")
      text.append(integer: exponent.magnitude)
    }
  }
}

extension FloatFormat {
  /// Appends what `shortestDecimal` gives for a number of a format that float64 holds.
  package func appendShortestDecimal(_ number: Double, to text: inout [UInt8]) {
    if !appendQuickDecimal(number, to: &text) {
      text.append(contentsOf: shortestDecimal(FloatValue(number)).utf8)
    }
  }

  /// The same by integers, some thirty times as fast as `searchedDecimal`.
  ///
  /// - Returns: Whether they decide it.
  func appendQuickDecimal(_ number: Double, to text: inout [UInt8]) -> Bool {
    guard number.isFinite, number != 0, let (digits, exponent) = shortestDigits(number.magnitude)
    else { return false }
    if number < 0 { text.append(UInt8(ascii: "-")) }
    text.append(decimal: digits, exponent: exponent)
    return true
  }

  /// The shortest decimal digits · 10^exponent that reads back as a positive number, the nearest of
  /// those.
  ///
  /// - Returns: nil where integers do not decide it.
  private func shortestDigits(_ number: Double) -> (digits: UInt64, exponent: Int)? {
    let value = FloatValue(number)
    let significand = UInt64(truncatingIfNeeded: value.significand)
    func scaled(_ exponent: Int) -> (nearest: UInt64, down: UInt64)? {
      DecimalProduct(significand, tenTo: exponent)?.scaled(byPowerOfTwo: value.exponent)
        .rounded(toMultiplesOf: 0)
    }
    // ⌊log₁₀⌋ of the number, or one less: that is told from how many digits stand before the point.
    var leading = Int((Double(value.binaryExponent ?? 0) * 0.301029995663981).rounded(.down))
    var (least, most) = (1, 2 + precision * 30103 / 100_000)
    guard var digits = scaled(most - 1 - leading) else { return nil }
    if digits.down >= Self.powersOfTen[most] {
      leading += 1
      guard let others = scaled(most - 1 - leading) else { return nil }
      digits = others
    }
    // With `most` digits each number reads back, and what does with n digits does with n + 1. Few are
    // short, so the search begins at its end.
    var shortest = (digits: digits.nearest, exponent: leading - most + 1)
    most -= 1
    var tryCount = 0
    while least <= most {
      let count = tryCount < 2 ? most : (least + most) / 2
      tryCount += 1
      let exponent = leading - count + 1
      guard let (nearest, down) = scaled(-exponent),
        let back = self.nearest(nearest, tenTo: exponent)
      else { return nil }
      var found = back == number ? nearest : nil
      if found == nil, significand == 1 {
        // At a power of two the gap below is half the gap above, so the decimal on the other side may
        // read back where the nearest does not.
        let other = nearest == down ? down + 1 : down
        guard let back = self.nearest(other, tenTo: exponent) else { return nil }
        if back == number { found = other }
      }
      if let found {
        shortest = (found, exponent)
        most = count - 1
      } else {
        least = count + 1
      }
    }
    return shortest
  }

  private static let powersOfTen = (0...19).map { count in
    (0..<count).reduce(1 as UInt64) { power, _ in power * 10 }
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ word: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  /// Appends an integer in decimal.
  package mutating func append(integer: UInt) {
    let start = count
    var rest = integer
    repeat {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    self[start...].reverse()
  }

  /// Appends digits · 10^exponent, not 0, as `DecimalDigits.text` lays it out: positional from 10⁻⁴ to
  /// 10¹⁶, else with an exponent.
  fileprivate mutating func append(decimal number: UInt64, exponent: Int) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = 20
      var rest = number
      while rest > 0 {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      var end = 20
      while digits[end - 1] == UInt8(ascii: "0") { end -= 1 }
      append(
        UnsafeBufferPointer(rebasing: digits[start..<end]), pointPosition: 20 - start + exponent)
    }
  }

  private mutating func append(_ digits: UnsafeBufferPointer<UInt8>, pointPosition: Int) {
    let zero = UInt8(ascii: "0")
    switch pointPosition {
    case -3...0:
      append("0.")
      for _ in pointPosition..<0 { append(zero) }
      append(contentsOf: digits)
    case 1...16 where digits.count <= pointPosition:
      append(contentsOf: digits)
      for _ in digits.count..<pointPosition { append(zero) }
    case 1...16:
      append(contentsOf: digits[..<pointPosition])
      append(UInt8(ascii: "."))
      append(contentsOf: digits[pointPosition...])
    default:
      append(digits[0])
      if digits.count > 1 {
        append(UInt8(ascii: "."))
        append(contentsOf: digits[1...])
      }
      append(pointPosition < 1 ? "e-" : "e+")
      append(integer: (pointPosition - 1).magnitude)
    }
  }
}
