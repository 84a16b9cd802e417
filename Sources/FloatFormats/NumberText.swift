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
    if !appendNativeDecimal(number, to: &text) {
      text.append(contentsOf: shortestDecimal(FloatValue(number)).utf8)
    }
  }

  /// Appends the shortest decimal from the digits that the standard library finds, where it has the
  /// format; some thirty times as fast as the search of `searchedDecimal`.
  ///
  /// - Returns: Whether it could.
  func appendNativeDecimal(_ number: Double, to text: inout [UInt8]) -> Bool {
    var native: String
    switch self {
    case .float32: native = Float(number).description
    case .float64: native = number.description
    default: return false
    }
    guard number.isFinite, number != 0 else { return false }
    native.withUTF8 { text.appendDecimal(relaying: $0) }
    return true
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

  /// Appends a decimal number that is not 0 as `DecimalDigits.text` lays it out: positional from 10⁻⁴
  /// to 10¹⁶, else with an exponent.
  fileprivate mutating func appendDecimal(relaying native: UnsafeBufferPointer<UInt8>) {
    // At most 17 digits are significant; 0.0001 has four zeros before them, 1e16 has one after them.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: native.count) { digits in
      var (count, point, position) = (0, 0, 0)
      var isFraction = false
      if native[0] == UInt8(ascii: "-") {
        append(native[0])
        position = 1
      }
      while position < native.count, native[position] != UInt8(ascii: "e") {
        let byte = native[position]
        position += 1
        if byte == UInt8(ascii: ".") {
          isFraction = true
        } else if count > 0 || byte != UInt8(ascii: "0") {
          digits[count] = byte
          count += 1
          if !isFraction { point += 1 }
        } else if isFraction {
          point -= 1
        }
      }
      var written = 0
      for byte in native[position...].dropFirst(2) { written = written * 10 + Int(byte) - 48 }
      if position < native.count {
        point += native[position + 1] == UInt8(ascii: "-") ? -written : written
      }
      while count > 1, digits[count - 1] == UInt8(ascii: "0") { count -= 1 }
      append(UnsafeBufferPointer(rebasing: digits[..<count]), pointPosition: point)
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
