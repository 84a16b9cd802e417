import Cases
import FloatFormats
import Multiprecision
import TestSupport
import Testing

@Suite struct `Encoding` {
  @Test func `of float16 agrees with the processor on all patterns`() {
    for bits in UInt16.min...UInt16.max {
      let native = Float16(bitPattern: bits)
      let value = FloatFormat.float16.decode(UInt128(bits))
      #expect(value == FloatValue(native))
      if !native.isNaN { #expect(FloatFormat.float16.encode(value) == UInt128(bits)) }
    }
  }

  @Test func `of bfloat16 is the upper half of float32 on all patterns`() {
    for bits in UInt16.min...UInt16.max {
      let native = Float(bitPattern: UInt32(bits) << 16)
      let value = FloatFormat.bfloat16.decode(UInt128(bits))
      #expect(value == FloatValue(native))
      if !native.isNaN { #expect(FloatFormat.bfloat16.encode(value) == UInt128(bits)) }
    }
  }

  @Test(
    arguments: FloatFormat.catalogue
      + ["e3m2", "e15m112", "e8m10"].compactMap(FloatFormat.init(named:)))
  func `and decoding are inverse`(format: FloatFormat) {
    var choices = TestSeed.choices("encoding \(format)")
    for _ in 0..<2000 {
      let value = choices.finiteValue(of: format)
      let bits = format.encode(value)
      #expect(bits.map(format.decode) == value, "\(value)")
    }
    #expect(format.encode(.nan).map(format.decode) == .nan)
  }

  @Test func `of float8_e4m3fn has 448 at the top, no infinity and two NaNs`() {
    let format = FloatFormat.float8E4M3FN
    #expect(format.greatestFinite.double == 448)
    #expect(format.leastSubnormal.double == 0x1p-9)
    #expect(format.decode(0x7E).double == 448)
    #expect(format.decode(0x7F).isNaN && format.decode(0xFF).isNaN)
    #expect((0..<256).allSatisfy { !format.decode(UInt128($0 as Int)).isInfinite })
    #expect(format.encode(.infinity) == nil)
  }

  @Test func `of float8_e5m2 is the upper half of float16`() {
    for bits in UInt8.min...UInt8.max {
      let value = FloatFormat.float8E5M2.decode(UInt128(bits))
      #expect(value == FloatValue(Float16(bitPattern: UInt16(bits) << 8)))
    }
  }

  @Test func `orders neighbours as the processor does`() {
    for bits in UInt16.min...UInt16.max {
      let native = Float16(bitPattern: bits)
      let value = FloatValue(native)
      #expect(FloatFormat.float16.nextUp(value) == FloatValue(native.nextUp), "\(native)")
      #expect(FloatFormat.float16.nextDown(value) == FloatValue(native.nextDown), "\(native)")
    }
  }

  @Test func `knows the unit in the last place, below the normal range too`() {
    for bits in UInt16.min...UInt16.max {
      let native = Float16(bitPattern: bits)
      guard native.isFinite else { continue }
      #expect(FloatFormat.float16.ulp(at: FloatValue(native)) == FloatValue(native.ulp))
    }
    let belowOne = FloatFormat.float32.nextDown(.one)
    #expect(FloatFormat.float32.ulp(at: .one)?.double == 0x1p-23)
    #expect(FloatFormat.float32.ulp(at: belowOne)?.double == 0x1p-24)
    #expect(FloatFormat.float64.ulp(at: .zero)?.double == 0x1p-1074)
  }

  @Test func `is found by name, and refuses names of no format`() {
    for format in FloatFormat.catalogue { #expect(FloatFormat(named: format.name) == format) }
    #expect(FloatFormat(named: "e8m10")?.precision == 11)
    #expect(FloatFormat(named: "e15m112")?.greatestExponent == 16383)
    for name in ["float", "e1m3", "e20m3", "e8m0", "e8m113", "e8m", "", "E8M10", "e8m10 "] {
      #expect(FloatFormat(named: name) == nil, "\(name)")
    }
  }

  @Test func `compares values as the processor does`() {
    var choices = TestSeed.choices("comparison")
    for _ in 0..<5000 {
      let a = Float16(bitPattern: UInt16(truncatingIfNeeded: choices.bits()))
      let b =
        choices.oneIn(4) ? -a : Float16(bitPattern: UInt16(truncatingIfNeeded: choices.bits()))
      #expect(FloatValue(a).isLess(than: FloatValue(b)) == (a < b), "\(a) < \(b)")
      #expect(FloatValue(a).isNumericallyEqual(to: FloatValue(b)) == (a == b), "\(a) == \(b)")
    }
  }
}
