import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

// The rounding in integers beside that of MPFR, and doubles beside values.

@Suite struct `Rounding in integers` {
  static let formats =
    FloatFormat.catalogue
    + ["e2m1", "e3m2", "e5m9", "e8m10", "e11m51", "e11m4", "e15m112", "e19m64"].compactMap(
      FloatFormat.init(named:))

  /// Numbers at, between and beside all neighbours of a narrow format, and beyond its ends.
  private static func breakpoints(of format: FloatFormat) -> [FloatValue] {
    (0...format.greatestPattern).flatMap { pattern -> [FloatValue] in
      let value = format.decode(pattern)
      let ulp = format.ulp(at: value)?.exponent ?? 0
      // In steps of 1/8 ulp from the number itself.
      return (0...8 as ClosedRange<UInt128>).map { eighth in
        let base = value.isZero ? 0 : value.significand << (value.exponent - ulp + 3)
        return FloatValue(isNegative: false, significand: base + eighth, exponent: ulp - 3)
      }
    }
  }

  @Test(arguments: RoundingDirection.allCases)
  func `agrees with MPFR at all breakpoints of the formats of 8 bits`(
    direction: RoundingDirection
  ) {
    for format in [FloatFormat.float8E4M3FN, .float8E5M2] {
      for value in Self.breakpoints(of: format) {
        for value in [value, value.negated] {
          let expected =
            value.isZero ? value : format.rounded(BigFloat(value), direction)
          #expect(format.rounded(value, direction) == expected, "\(value)")
        }
      }
    }
  }

  @Test(arguments: formats)
  func `agrees with MPFR on significands of all lengths, in and about every binade`(
    format: FloatFormat
  ) {
    var choices = TestSeed.choices("integers \(format)")
    let least = format.leastSubnormal.exponent - 130
    for _ in 0..<TestSeed.count(3000) {
      let length = choices.integer(in: 1...128)
      let bits = UInt128(choices.bits()) << 64 | UInt128(choices.bits())
      let significand = (bits | 1 << 127) >> (128 - length)
      // Half the time all but the first bits are 0 or 1, as next to a midpoint.
      let kept = UInt128(max(length - choices.integer(in: 1...40), 0))
      let mask: UInt128 = choices.oneIn(2) ? .max : ~(1 << kept - 1)
      let value = FloatValue(
        isNegative: choices.isNegative(), significand: max(significand & mask, 1),
        exponent: choices.integer(in: least...format.greatestExponent + 2) - length / 2)
      for direction in RoundingDirection.allCases {
        let expected = format.rounded(BigFloat(value), direction)
        #expect(format.rounded(value, direction) == expected, "\(value) \(direction)")
      }
      #expect(format.contains(value) == (format.rounded(value, .towardZero) == value))
    }
  }

  @Test(arguments: formats.filter(\.isWithinFloat64))
  func `of doubles is that of values, and so are the encodings`(format: FloatFormat) {
    var choices = TestSeed.choices("doubles \(format)")
    var doubles: [Double] = [
      0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 0x1p1023,
    ]
    for _ in 0..<TestSeed.count(3000) {
      let value = choices.finiteValue(of: format).double
      // A number of the format, a midpoint and its neighbours, and any double of the range.
      let midpoint = value + (format.ulp(at: FloatValue(value))?.double ?? 0) / 2
      doubles += [
        value, midpoint, midpoint.nextUp, midpoint.nextDown, value * (1 + choices.unitInterval()),
      ]
    }
    for double in doubles {
      let expected = format.rounded(FloatValue(double), .nearestEven)
      #expect(FloatValue(format.nearest(double)) == expected, "\(double)")
      #expect(format.encode(expected) == UInt128(format.encoding(double)), "\(double)")
      #expect(FloatValue(format.double(format.encoding(double))) == expected, "\(double)")
    }
    let own = doubles.map(format.nearest)
    let bytes = NumberColumn(format, doubles: own).encoded
    let again = bytes.withUnsafeBytes { NumberColumn(format, decoding: $0) }
    #expect(bytes.count == own.count * format.byteCount && again.count == own.count)
    #expect(own.indices.allSatisfy { again[$0] == FloatValue(own[$0]) })
  }

  @Test func `of doubles agrees with values on all patterns of 16 bits`() {
    for format in [FloatFormat.float16, .bfloat16, .float8E4M3FN, .float8E5M2] {
      for bits in 0..<UInt64(1) << UInt64(format.bitCount) {
        let value = format.decode(UInt128(bits))
        let double = format.double(bits)
        #expect(FloatValue(double) == value && value.double.isNaN == double.isNaN)
        if !value.isNaN { #expect(format.encoding(double) == bits) }
      }
    }
  }
}

@Suite struct `Formats` {
  @Test func `of the same numbers are the same, whatever they were called`() throws {
    #expect(FloatFormat(named: "e8m23") == .float32 && FloatFormat(named: "e11m52") == .float64)
    #expect(
      FloatFormat(named: "e5m10")?.name == "float16" && FloatFormat(named: "e08m7") == .bfloat16)
    #expect(
      FloatFormat(named: "e5m2") == .float8E5M2 && FloatFormat(named: "e4m3") != .float8E4M3FN)
    #expect(Set(["e8m10", "e8m10", "e8m11"].map(FloatFormat.init(named:))).count == 2)
    #expect(FloatFormat(named: "e8m10")?.name == "e8m10")
    for name in ["e+8m10", "e8m-1", "e8m10m2", "8m10", "ee8m10", "e300m1", "e16m112", "e19m109"] {
      #expect(FloatFormat(named: name) == nil, "\(name)")
    }
  }
}
