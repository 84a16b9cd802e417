import Cases
import FloatFormats
import TestSupport
import Testing

@Suite struct `Text` {
  @Test(arguments: FloatFormat.catalogue + [FloatFormat(named: "e15m112")].compactMap { $0 })
  func `in hexadecimal reads back as the same value`(format: FloatFormat) {
    var choices = TestSeed.choices("hexadecimal \(format)")
    for _ in 0..<2000 {
      let value = choices.finiteValue(of: format)
      #expect(FloatValue(hexadecimal: value.hexadecimal) == value)
      if format.precision <= 53, format.exponentBitCount <= 11 {
        #expect(Double(value.hexadecimal) == value.double, "\(value)")
      }
    }
  }

  @Test(arguments: [
    ("0x1.8p3", 12.0), ("0x1.8p+3", 12), ("-0X.4", -0.25), ("0x0p0", 0), ("0xFp-1070", 0xFp-1070),
    ("0x1.00000000000000000000000000000000000000000000p4", 16), ("+0x10", 16), ("0xA.Bp1", 21.375),
  ])
  func `in hexadecimal is read as C reads it`(text: String, expected: Double) {
    #expect(FloatValue(hexadecimal: text)?.double == expected)
  }

  @Test(arguments: [
    "", "0x", "0x.", "0xp3", "1.8p3", "0x1.8p", "0x1.8p3 ", "0x1..8", "0x1g", "0x1p99999999999",
  ])
  func `that is no hexadecimal float is refused`(text: String) {
    #expect(FloatValue(hexadecimal: text) == nil)
  }

  @Test func `in decimal is the shortest that reads back, as Swift prints it`() {
    var choices = TestSeed.choices("shortest")
    for _ in 0..<2000 {
      let double = choices.finiteValue(of: .float64).double
      let text = FloatFormat.float64.searchedDecimal(FloatValue(double))
      #expect(Double(text) == double)
      #expect(significantDigits(text) == significantDigits("\(double)"), "\(double)")
      #expect(text == FloatFormat.float64.shortestDecimal(FloatValue(double)))
      let float = Float(choices.finiteValue(of: .float32).double)
      let floatText = FloatFormat.float32.searchedDecimal(FloatValue(float))
      #expect(significantDigits(floatText) == significantDigits("\(float)"), "\(float)")
      #expect(floatText == FloatFormat.float32.shortestDecimal(FloatValue(float)))
    }
  }

  @Test func `in decimal is the shortest at powers of two, where the gaps differ`() {
    for exponent in -1074...1023 {
      let double = Double(sign: .plus, exponent: exponent, significand: 1)
      let text = FloatFormat.float64.searchedDecimal(FloatValue(double))
      #expect(significantDigits(text) == significantDigits("\(double)"), "2^\(exponent)")
    }
  }

  @Test func `in decimal is the shortest for float16 up to 2048, where Swift prints no more`() {
    for bits in UInt16.min...Float16(2048).bitPattern {
      let native = Float16(bitPattern: bits)
      let text = FloatFormat.float16.shortestDecimal(FloatValue(native))
      #expect(significantDigits(text) == significantDigits("\(native)"), "\(native)")
    }
  }

  @Test func `in decimal is rounded once, not by way of a wider format`() {
    // 1 + 2^−11 + 2^−60: just above a midpoint of float16, but not so once rounded to float64.
    let text = "1.00048828125000000086736173798840354720596224069595336914062500"
    #expect(FloatFormat.float16.value(decimal: text)?.double == 1.0009765625)
    #expect(FloatFormat.float16.value(decimal: "1.00048828125")?.double == 1)
  }

  @Test(arguments: [
    "0.1", "-305.8", "1e300", "4.9e-324", "2.4703282292062327e-324", "1e400", "1e999999999",
    "-1e99999999999999999999", "-1e-400", "1e-999999999",
    "123456789012345678901234567890", "0", "-0",
  ])
  func `in decimal is read as Swift reads it`(text: String) {
    #expect(FloatFormat.float64.value(decimal: text) == Double(text).map { FloatValue($0) })
  }

  @Test(arguments: [
    "", "1.", ".5", "1e", "nan", "inf", " 1", "1 ", "0x1", "1e5.5", "--1", "1_000", "@nan@",
  ])
  func `that is no decimal is refused`(text: String) {
    #expect(FloatFormat.float64.value(decimal: text) == nil)
  }

  /// The digits without sign, point, exponent and zeros at either end.
  private func significantDigits(_ text: String) -> String {
    var digits = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
    while digits.last == "0" { digits.removeLast() }
    return String(digits)
  }
}
