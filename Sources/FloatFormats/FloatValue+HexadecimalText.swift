extension FloatValue {
  /// The value as C's `%a` writes it, normalised: `0x1.8p+3`, `-0x1p-1074`, `0x0p+0`, `inf`, `nan`.
  ///
  /// `float.fromhex`, `strtod` and `Double(_:)` read it back exactly.
  public var hexadecimal: String {
    var text: [UInt8] = []
    appendHexadecimal(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The value that a hexadecimal float literal such as `0x1.8p3` or `-0x.4` stands for, exactly.
  ///
  /// Letters of either case; the binary exponent may be left out. nil where the text is no such
  /// literal, or has more than 128 significant bits.
  public init?(hexadecimal text: some StringProtocol) {
    var rest = text.utf8[...]
    var isNegative = false
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      isNegative = first == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    guard rest.popFirst() == UInt8(ascii: "0"), let x = rest.popFirst(),
      x | 0x20 == UInt8(ascii: "x")
    else { return nil }

    var significand: UInt128 = 0
    var exponent = 0
    var digitCount = 0
    var isFraction = false
    while let byte = rest.first, byte | 0x20 != UInt8(ascii: "p") {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: ".") {
        guard !isFraction else { return nil }
        isFraction = true
        continue
      }
      guard let digit = Self.hexadecimalDigit(byte) else { return nil }
      digitCount += 1
      if significand.leadingZeroBitCount >= 4 {
        significand = significand << 4 | UInt128(digit)
        if isFraction { exponent -= 4 }
      } else {
        // The significand is full: further zeros only move the point.
        guard digit == 0 else { return nil }
        if !isFraction { exponent += 4 }
      }
    }
    guard digitCount > 0 else { return nil }
    if rest.popFirst() != nil {
      guard let written = Self.decimalExponent(rest) else { return nil }
      exponent += written
    }
    self.init(isNegative: isNegative, significand: significand, exponent: exponent)
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// A signed decimal integer of at most nine digits: far beyond every format's exponents.
  private static func decimalExponent(_ text: some Collection<UInt8>) -> Int? {
    guard text.count <= 10 else { return nil }
    return Int(String(decoding: Array(text), as: UTF8.self))
  }
}

extension FloatValue: CustomStringConvertible {
  /// The hexadecimal text.
  public var description: String { hexadecimal }
}
