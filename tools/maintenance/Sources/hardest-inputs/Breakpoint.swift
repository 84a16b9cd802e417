internal import FloatFormats

/// How far an exact value lies from the nearest breakpoint of a format: a number of it, where directed
/// rounding turns, or the middle of two, where rounding to nearest does.
struct Breakpoint {
  /// Wide enough for some 89 bits below the ulp of float32.
  static let wide = FloatFormat(named: "e15m112") ?? .float64

  /// Whether it is the middle of two numbers.
  let isMidpoint: Bool
  /// The signed distance of the exact value from it, in ulps of the format, and the ulp's exponent.
  let distance: FloatValue

  /// - Parameters:
  ///   - value: The exact value, rounded to `wide`.
  ///   - format: The format whose breakpoints count.
  init(nearestTo value: FloatValue, in format: FloatFormat) {
    let leading = value.binaryExponent ?? Int.min / 2
    let ulpExponent = max(leading, format.leastExponent) - format.fractionBitCount
    // Breakpoints are the multiples of half an ulp. The value is some multiple of 2^exponent.
    let shift = ulpExponent - 1 - value.exponent
    guard shift > 0 else {
      isMidpoint = shift == 0
      distance = .zero
      return
    }
    guard shift < 128 else {
      isMidpoint = false
      distance = value.scaled(byPowerOfTwo: -ulpExponent)
      return
    }
    let half = UInt128(1) << UInt128(shift)
    var multiple = value.significand >> UInt128(shift)
    let rest = value.significand & (half - 1)
    let isBelow = rest > half / 2
    if isBelow { multiple += 1 }
    isMidpoint = multiple & 1 == 1
    distance = FloatValue(
      isNegative: isBelow != value.isNegative, significand: isBelow ? half - rest : rest,
      exponent: value.exponent - ulpExponent)
  }
}
