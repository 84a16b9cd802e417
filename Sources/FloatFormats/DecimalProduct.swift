internal import Multiprecision

/// An integer of 64 bits times a power of ten, known to within 2·2^scale: in the interval [product,
/// product + 2)·2^scale, or product·2^scale exactly. The product has 126 to 128 bits.
///
/// So a number is rounded to one of 53 bits, or to an integer of 19 digits, by integers alone, unless it
/// is halfway between two, or within 2⁻⁶⁰ or so of that.
struct DecimalProduct {
  private let product: UInt128
  private var scale: Int
  private let isExact: Bool

  /// `significand`·10^`exponent`, the significand not 0.
  ///
  /// - Returns: nil where the exponent is none of `PowerOfTen.exponents`.
  init?(_ significand: UInt64, tenTo exponent: Int) {
    guard let power = PowerOfTen(exponent) else { return nil }
    let shift = significand.leadingZeroBitCount
    let factor = significand << UInt64(shift)
    // ⌊factor · power / 2^64⌋. What the power was cut by, times the factor, is less than 2^64, and so
    // is what the division leaves.
    let low = factor.multipliedFullWidth(by: UInt64(truncatingIfNeeded: power.significand))
    let high = factor.multipliedFullWidth(by: UInt64(truncatingIfNeeded: power.significand >> 64))
    product = (UInt128(high.high) << 64 | UInt128(high.low)) + UInt128(low.high)
    scale = power.exponent + 64 - shift
    isExact = low.low == 0 && PowerOfTen.exactExponents.contains(exponent)
  }

  /// The same exactly, for a number that is an integer over a power of two, such as 2.5 or 0.375.
  init?(exactly significand: UInt64, tenTo exponent: Int) {
    guard (-27..<0).contains(exponent) else { return nil }
    // 10^−k is 2^−k over 5^k, and 5^27 has 63 bits.
    let divisor = (0..<(-exponent)).reduce(1 as UInt64) { power, _ in power * 5 }
    let (quotient, remainder) = significand.quotientAndRemainder(dividingBy: divisor)
    guard remainder == 0 else { return nil }
    let shift = 64 + quotient.leadingZeroBitCount
    product = UInt128(quotient) << shift
    scale = exponent - shift
    isExact = true
  }

  /// The integer e with 2^e ≤ product·2^scale < 2^(e+1).
  var binaryExponent: Int { scale + 127 - product.leadingZeroBitCount }

  /// This times 2^`exponent`.
  func scaled(byPowerOfTwo exponent: Int) -> DecimalProduct {
    var result = self
    result.scale += exponent
    return result
  }

  /// The number in units of 2^`unit`, rounded to nearest, ties to even, and down.
  ///
  /// - Returns: nil where the interval does not decide the nearest, and where that has more than 63 bits.
  func rounded(toMultiplesOf unit: Int) -> (nearest: UInt64, down: UInt64)? {
    let cut = unit - scale
    guard (65...128).contains(cut) else { return nil }
    let half: UInt128 = 1 << (cut - 1)
    let rest = product & (half << 1 &- 1)
    let down = UInt64(truncatingIfNeeded: product >> cut)
    if rest == half, isExact { return (down + down & 1, down) }
    guard rest > half || rest + (isExact ? 0 : 2) <= half else { return nil }
    return (rest > half ? down + 1 : down, down)
  }
}

/// A power of ten: significand · 2^exponent, with 128 bits and cut, not rounded.
struct PowerOfTen {
  let significand: UInt128
  let exponent: Int

  /// All that numbers of float64 with up to 19 digits have.
  static let exponents = -343...308
  /// Those of which nothing is cut: 5^55 has 128 bits.
  static let exactExponents = 0...55

  private static let table = exponents.map { exponent in
    var power = BigFloat(precision: 128)
    _ = power.assign(decimal: "1e\(exponent)", rounding: .towardZero)
    let (significand, binary) = power.significandAndExponent ?? (1, 0)
    let shift = significand.leadingZeroBitCount
    return PowerOfTen(significand: significand << shift, exponent: binary - shift)
  }

  private init(significand: UInt128, exponent: Int) {
    self.significand = significand
    self.exponent = exponent
  }

  /// - Returns: nil where the exponent is none of `exponents`.
  init?(_ exponent: Int) {
    guard Self.exponents.contains(exponent) else { return nil }
    self = Self.table[exponent - Self.exponents.lowerBound]
  }
}
