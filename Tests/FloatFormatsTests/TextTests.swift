import Cases
import FloatFormats
import Multiprecision
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

  @Test(
    arguments: FloatFormat.catalogue + ["e11m10", "e4m20"].compactMap { FloatFormat(named: $0) })
  func `in decimal is by integers what a search in MPFR finds`(format: FloatFormat) {
    var choices = TestSeed.choices("shortest of \(format)")
    for round in 0..<TestSeed.count(1500) {
      var value = choices.finiteValue(of: format)
      if round.isMultiple(of: 3) { value = choices.normalValue(of: format, scale: 4) }
      if round % 3 == 1 { value = format.rounded(FloatValue(Double(round)), .nearestEven) }
      guard !value.isZero, value.isFinite else { continue }
      #expect(format.shortestDecimal(value) == format.searchedDecimal(value))
      #expect(format.value(decimal: format.shortestDecimal(value)) == value)
    }
  }

  @Test func `in decimal is the shortest at powers of two, where the gaps differ`() {
    for exponent in -1074...1023 {
      let double = Double(sign: .plus, exponent: exponent, significand: 1)
      let text = FloatFormat.float64.searchedDecimal(FloatValue(double))
      #expect(significantDigits(text) == significantDigits("\(double)"), "2^\(exponent)")
      #expect(text == FloatFormat.float64.shortestDecimal(FloatValue(double)))
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

  /// The quick way, by integers, and MPFR's: the wide format's exact value of the same text, rounded.
  @Test(
    arguments: FloatFormat.catalogue + ["e11m10", "e4m20"].compactMap { FloatFormat(named: $0) })
  func `in decimal is rounded as the exact number is`(format: FloatFormat) {
    var choices = TestSeed.choices("decimals of \(format)")
    let (least, greatest) = (format.leastSubnormal.double, format.greatestFinite.double)
    for round in 0..<TestSeed.count(3000) {
      // Half of them at or beside a midpoint of the format, as far as their digits go.
      let value = choices.finiteValue(of: format)
      let half = value.double + format.nextUp(value).double
      let number = round.isMultiple(of: 2) && half.isFinite ? half / 2 : choices.normal()
      var text = "\(number)"
      if choices.integer(in: 0...1) == 0, !text.contains("e"), text.contains(".") {
        text += String(repeating: "0", count: choices.integer(in: 0...20))
        if choices.integer(in: 0...1) == 0 { text += "1" }
      }
      guard least...greatest ~= abs(number) else { continue }
      guard let enclosure = Enclosure.decimal(text, precision: 400) else {
        Issue.record("\(text)")
        return
      }
      let exact = format.rounded(enclosure, .nearestEven)
      #expect(exact != nil && format.value(decimal: text) == exact, "\(text)")
    }
  }

  @Test func `in decimal of 19 and more digits is that of all digits`() {
    for text in [
      "9999999999999999999", "10000000000000000000", "0.00000000000000000001",
      "12345678901234567890123e-5", "1.9999999999999999999999", "9007199254740993",
      "9007199254740992.99999999999999", "9007199254740993.00000000000001",
      "179769313486231580793728971405301e276", "2.2250738585072011e-308",
      "2.2250738585072013830902327173324040642192159804623318305533274168872044348139e-308",
      "0.000e999999999999999999999", "-0e-5", "1e-343", "22250738585072011e-324",
    ] {
      #expect(FloatFormat.float64.value(decimal: text) == Double(text).map { FloatValue($0) })
    }
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
