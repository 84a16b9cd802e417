import Cases
import FloatFormats
import Losses
import Multiprecision
import TestSupport
import Testing

@Suite struct `Arithmetic in 16 bits` {
  @Test func `in bfloat16 agrees with the format on all patterns`() {
    for bits in UInt16.min...UInt16.max {
      let number = BFloat16(bitPattern: bits)
      #expect(number.floatValue == FloatFormat.bfloat16.decode(UInt128(bits)))
      #expect(number.isNaN || number.bitPattern == bits)
    }
  }

  @Test func `in bfloat16 rounds a value of another format to nearest`() {
    // 1 + 3·2⁻⁹ lies three quarters of the way from 1 to the next number.
    #expect(BFloat16(FloatValue(1 + 0x3p-9)).floatValue == FloatValue(1 + 0x1p-7))
    #expect(BFloat16(FloatValue(1 + 0x1p-9)).floatValue == .one)
  }

  @Test func `in bfloat16 rounds a float32 as the format does`() {
    var choices = TestSeed.choices("bfloat16")
    for _ in 0..<20000 {
      let float = Float(choices.finiteValue(of: .float32).double)
      let expected = FloatFormat.bfloat16.rounded(FloatValue(float), .nearestEven)
      #expect(BFloat16(float).floatValue == expected, "\(float)")
    }
  }

  @Test func `in float16 rounds midpoints and their neighbours as the format does`() {
    for bits in UInt16.min...0x7BFF {
      let (low, high) = (Binary16(bitPattern: bits).float, Binary16(bitPattern: bits + 1).float)
      let middle = high.isFinite ? (low + high) / 2 : 65520
      for float in [middle, middle.nextUp, middle.nextDown, low] {
        for signed in [float, -float] {
          let expected = FloatFormat.float16.rounded(FloatValue(signed), .nearestEven)
          #expect(Binary16(signed).floatValue == expected, "\(signed)")
        }
      }
    }
  }

  @Test func `in bfloat16 rounds a float64 once`() {
    // 1 + 2^−8 + 2^−40 lies above a midpoint, but float32 rounds it to the midpoint, which is even.
    #expect(BFloat16(1 + 0x1p-8 + 0x1p-40).float == 1.0078125)
    #expect(BFloat16(Float(1 + 0x1p-8 + 0x1p-40)).float == 1)
    var choices = TestSeed.choices("bfloat16 once")
    for _ in 0..<20000 {
      let double = Double(
        sign: choices.isNegative() ? .minus : .plus, exponent: choices.integer(in: -145...130),
        significand: 1 + choices.unitInterval())
      let expected = FloatFormat.bfloat16.rounded(FloatValue(double), .nearestEven)
      #expect(BFloat16(double).floatValue == expected, "\(double)")
    }
  }

  @Test func `in bfloat16 adds, multiplies and divides correctly rounded`() {
    var choices = TestSeed.choices("bfloat16 arithmetic")
    let format = FloatFormat.bfloat16
    for _ in 0..<5000 {
      let (a, b) = (choices.finiteValue(of: format), choices.finiteValue(of: format))
      let (x, y) = (BFloat16(a), BFloat16(b))
      let sum = format.rounded(BigFloat.exactSum(BigFloat(a), BigFloat(b)), .nearestEven)
      #expect((x + y).floatValue.isNumericallyEqual(to: sum), "\(a) + \(b)")
      let product = format.rounded(BigFloat.exactProduct(BigFloat(a), BigFloat(b)), .nearestEven)
      #expect((x * y).floatValue.isNumericallyEqual(to: product), "\(a) * \(b)")
      guard !b.isZero else { continue }
      let enclosure = Enclosure.quotient(BigFloat(a), BigFloat(b), precision: 100)
      let quotient = format.rounded(enclosure, .nearestEven)
      #expect(quotient.map((x / y).floatValue.isNumericallyEqual) == true, "\(a) / \(b)")
    }
  }
}
