import Cases
import Multiprecision
import TestSupport
import Testing

@Suite struct `A multiprecision number` {
  @Test func `holds every 128-bit significand exactly`() {
    var choices = TestSeed.choices("significands")
    for _ in 0..<1000 {
      let width = choices.integer(in: 0...127)
      let significand =
        (UInt128(choices.bits()) << 64 | UInt128(choices.bits())) >> width | 1
      let exponent = choices.integer(in: -20000...20000)
      let x = BigFloat(isNegative: true, significand: significand, exponent: exponent)
      let (isNegative, parts) = (x.isNegative, x.significandAndExponent)
      let shift = UInt128(significand.trailingZeroBitCount)
      #expect(isNegative)
      #expect(parts?.significand == significand >> shift, "\(significand)p\(exponent)")
      #expect(parts?.exponent == exponent + Int(shift))
    }
  }

  @Test func `adds and multiplies exactly in as many bits as that takes`() {
    var choices = TestSeed.choices("exact arithmetic")
    for _ in 0..<1000 {
      let a = choices.integer(in: -(1 << 40)...1 << 40)
      let b = choices.integer(in: -(1 << 20)...1 << 20)
      let shift = choices.integer(in: 0...60)
      let scaled = BigFloat(
        isNegative: b < 0, significand: UInt128(b.magnitude), exponent: -shift)
      // a + b·2^−shift, scaled back by 2^shift, is an integer of 128 bits.
      let expected = Int128(a) << Int128(shift) + Int128(b)
      let sum = BigFloat.exactSum(BigFloat(a), scaled)
      let scaledSum = integer(sum, exponent: -shift)
      #expect(scaledSum == expected, "\(a) + \(b)p-\(shift)")
      let product = BigFloat.exactProduct(BigFloat(a), scaled)
      let scaledProduct = integer(product, exponent: -shift)
      #expect(scaledProduct == Int128(a) * Int128(b), "\(a) · \(b)p-\(shift)")
    }
  }

  @Test func `of sums that cancel is zero`() {
    let x = BigFloat(isNegative: false, significand: 5, exponent: 900)
    let difference = BigFloat.exactDifference(x, x)
    let isZero = difference.isZero
    #expect(isZero)
  }

  @Test func `writes decimal digits rounded to nearest`() {
    let x = BigFloat(isNegative: true, significand: 1, exponent: -3)
    let two = x.decimalDigits(count: 2, rounding: .nearestEven)
    let five = x.decimalDigits(count: 5, rounding: .nearestEven)
    #expect(two?.text == "-0.12")
    #expect(five?.untrimmedText == "-0.12500")
    #expect(five?.text == "-0.125")
  }

  @Test(arguments: [
    ("1", 1, "1"), ("123", 3, "123"), ("15", -3, "0.00015"), ("15", -4, "1.5e-5"),
    ("1", 16, "1000000000000000"), ("1", 17, "1e+16"), ("25", 1, "2.5"), ("100", 2, "10"),
  ])
  func `is written positionally from 1e-4 to 1e16`(digits: String, point: Int, text: String) {
    #expect(DecimalDigits(isNegative: false, digits: digits, pointPosition: point).text == text)
  }

  @Test func `leaves the thread's exponent range as it was`() {
    // Inside, e^(−10¹⁵) is a number; outside it underflows as it did before.
    func underflows() -> Bool {
      var tiny = BigFloat(precision: 53)
      tiny.assign(.exponential, of: BigFloat(-1_000_000_000_000_000), rounding: .nearestEven)
      return tiny.isZero
    }
    #expect(underflows())
    #expect(!ExponentRange.withWidest { underflows() })
    #expect(underflows())
  }

  /// x / 2^exponent, which must be an integer.
  private func integer(_ x: borrowing BigFloat, exponent: Int) -> Int128? {
    guard let parts = x.significandAndExponent else { return nil }
    let magnitude =
      Int128(parts.significand) << Int128(parts.significand == 0 ? 0 : parts.exponent - exponent)
    return x.isNegative ? -magnitude : magnitude
  }
}
