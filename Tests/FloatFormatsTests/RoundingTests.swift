import Cases
import FloatFormats
import Multiprecision
import TestSupport
import Testing

@Suite struct `Rounding` {
  @Test func `to float16 agrees with the processor on random doubles of every binade`() {
    var choices = TestSeed.choices("float16")
    for _ in 0..<20000 {
      let double = Double(
        sign: choices.isNegative() ? .minus : .plus, exponent: choices.integer(in: -30...18),
        significand: 1 + choices.unitInterval())
      let expected = FloatValue(Float16(double))
      #expect(
        FloatFormat.float16.rounded(FloatValue(double), .nearestEven) == expected, "\(double)")
    }
  }

  @Test func `to float32 agrees with the processor, subnormals and overflow included`() {
    var choices = TestSeed.choices("float32")
    for _ in 0..<20000 {
      let double = Double(
        sign: choices.isNegative() ? .minus : .plus, exponent: choices.integer(in: -155...130),
        significand: 1 + choices.unitInterval())
      let expected = FloatValue(Float(double))
      #expect(
        FloatFormat.float32.rounded(FloatValue(double), .nearestEven) == expected, "\(double)")
    }
  }

  @Test(arguments: FloatFormat.catalogue)
  func `of midpoints goes to the even neighbour, and beside them to the nearer`(
    format: FloatFormat
  ) {
    var choices = TestSeed.choices("midpoints \(format)")
    for _ in 0..<2000 {
      let value = choices.finiteValue(of: format).magnitude
      let above = format.nextUp(value)
      guard above.isFinite, let bits = format.encode(value) else { continue }
      var midpoint = BigFloat.exactSum(BigFloat(value), BigFloat(above))
      midpoint.scale(byPowerOfTwo: -1, rounding: .nearestEven)
      #expect(format.rounded(midpoint, .nearestEven) == (bits % 2 == 0 ? value : above))
      #expect(format.rounded(midpoint, .up) == above && format.rounded(midpoint, .down) == value)
      #expect(format.rounded(midpoint, .towardZero) == value)
      var beside = midpoint.rounded(precision: 500, .nearestEven)
      beside.moveUp()
      #expect(format.rounded(beside, .nearestEven) == above, "\(value)")
      beside.moveDown()
      beside.moveDown()
      #expect(format.rounded(beside, .nearestEven) == value, "\(value)")
    }
  }

  @Test(arguments: RoundingDirection.allCases)
  func `of negatives mirrors that of positives`(direction: RoundingDirection) {
    var choices = TestSeed.choices("mirror")
    for _ in 0..<2000 {
      let value = choices.finiteValue(of: .float64)
      for format in [FloatFormat.float16, .float8E4M3FN] {
        let rounded = format.rounded(value, direction)
        let mirrored = format.rounded(value.negated, direction.mirrored)
        #expect(mirrored == rounded.negated, "\(value)")
      }
    }
  }

  @Test func `past the top follows the direction`() {
    let big = FloatValue(1e10)
    let format = FloatFormat.float16
    #expect(format.rounded(big, .nearestEven) == .infinity)
    #expect(format.rounded(big, .up) == .infinity)
    #expect(format.rounded(big, .down) == format.greatestFinite)
    #expect(format.rounded(big, .towardZero) == format.greatestFinite)
    #expect(format.rounded(FloatValue(65519.99), .nearestEven) == format.greatestFinite)
    #expect(format.rounded(FloatValue(65520.0), .nearestEven) == .infinity)
  }

  @Test func `past 448 in float8_e4m3fn gives NaN, the tie at 464 excepted`() {
    let format = FloatFormat.float8E4M3FN
    #expect(format.rounded(FloatValue(464.0), .nearestEven).double == 448)
    #expect(format.rounded(FloatValue(464.0).negated, .nearestEven).double == -448)
    #expect(format.rounded(FloatValue(464.1), .nearestEven).isNaN)
    #expect(format.rounded(FloatValue(1e9), .towardZero).double == 448)
    #expect(format.rounded(FloatValue(448.1), .up).isNaN)
    #expect(format.rounded(FloatValue.infinity, .nearestEven).isNaN)
  }

  @Test func `an open enclosure at a breakpoint goes by the side of the value`() {
    // The value is 1 + tail with a tail in (0, 2^−1000), or 1 − tail.
    let one = BigFloat(1)
    let tail = BigFloat(isNegative: false, significand: 1, exponent: -1000)
    let above = Enclosure(lower: one.copy(), upper: .exactSum(one, tail))
    let below = Enclosure(lower: .exactDifference(one, tail), upper: one.copy())
    let format = FloatFormat.float32
    #expect(format.rounded(above, .up) == format.nextUp(.one))
    #expect(format.rounded(above, .nearestEven) == .one)
    #expect(format.rounded(above, .down) == .one)
    #expect(format.rounded(below, .down) == format.nextDown(.one))
    #expect(format.rounded(below, .up) == .one)
  }

  @Test func `an open enclosure between neighbours of any precision is decided`() {
    // The upper end is the number next to 1 at the enclosure's own precision.
    var next = BigFloat(1).rounded(precision: 200, .nearestEven)
    next.moveUp()
    let narrow = Enclosure(lower: BigFloat(1), upper: next)
    #expect(FloatFormat.float64.rounded(narrow, .up) == FloatFormat.float64.nextUp(.one))
    #expect(FloatFormat.float64.rounded(narrow, .down) == .one)
  }

  @Test func `what is open at zero gives zero or the least number, with its sign`() {
    var tiny = Enclosure(-1)
    tiny.scale(byPowerOfTwo: 80)
    tiny.apply(.exponential, precision: 53)
    let format = FloatFormat.float64
    #expect(format.rounded(tiny, .nearestEven) == .zero)
    #expect(format.rounded(tiny, .up) == format.leastSubnormal)
    tiny.negate()
    #expect(format.rounded(tiny, .nearestEven) == .zero(isNegative: true))
    #expect(format.rounded(tiny, .down) == format.leastSubnormal.negated)
  }

  @Test func `too wide an enclosure is undecided`() {
    let wide = Enclosure(lower: BigFloat(1), upper: BigFloat(2))
    #expect(FloatFormat.float32.rounded(wide, .nearestEven) == nil)
  }
}
