internal import FastKernels
package import FloatFormats

/// An enclosure of a real number by a pair of doubles and a proven bound: the rounding test for all
/// formats of at most 51 bits, and for float64.
package struct Approximation: Hashable, Sendable {
  /// The number's magnitude lies strictly between high + low ∓ error.
  private let high: Double
  private let low: Double
  private let error: Double
  /// And above this sum, which may be a breakpoint of a format.
  private let headHigh: Double
  private let headLow: Double
  /// And below 1.
  private let isBelowOne: Bool
  private let isNegative: Bool

  /// A magnitude within the proven bound of the pair.
  init(_ pair: LOPair, head: Double = 0, isBelowOne: Bool = false, isNegative: Bool = false) {
    (high, low) = (pair.high, pair.low)
    error = pair.high * lo_wideBound
    (headHigh, headLow) = (head, 0)
    self.isBelowOne = isBelowOne
    self.isNegative = isNegative
  }

  /// A positive head, exactly, and a positive tail within the proven bound: or, where it is below
  /// `lo_leastWide`, at most that much.
  init(head: LOPair, tail: LOPair, isNegative: Bool = false) {
    // Three roundings of what is below 3 ulps of the sum are below 2⁻¹⁰⁰ of it.
    let sum = LOPair.sum(head.high, tail.high)
    let isTiny = tail.high < lo_leastWide
    let rest = sum.low + (head.low + (isTiny ? 0 : tail.low))
    let bound = isTiny ? tail.high : tail.high * lo_wideBound
    (high, low) = (sum.high, rest)
    error = bound + sum.high * 0x1p-100
    (headHigh, headLow) = (head.high, head.low)
    isBelowOne = false
    self.isNegative = isNegative
  }

  /// The number, correctly rounded to float64; nil where that is undecided.
  var double: Double? {
    guard high.isFinite else { return nil }
    let outer = min(high + (low + error), isBelowOne ? 1 : .infinity)
    guard outer > 0 else { return nil }
    if high + (low - error) != outer {
      // What is just above the head: the next number where the head is the midpoint below it.
      let isMidpoint = headLow > 0 && 2 * headLow == headHigh.ulp
      guard headHigh > 0, (isMidpoint ? headHigh.nextUp : headHigh) == outer else { return nil }
    }
    return isNegative ? -outer : outer
  }

  /// The two ends as doubles, rounded to odd: rounded again to at most 51 bits, they are as the ends
  /// themselves. S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
  /// using rounding to odd", IEEE Transactions on Computers 57 (2008).
  private var oddEnds: (lower: Double, upper: Double)? {
    guard high.isFinite, high > 0 else { return nil }
    let (below, above) = (LOPair.sum(high, low - error), LOPair.sum(high, low + error))
    var lower = below.roundedToOdd
    if headHigh > 0,
      (below.high, below.low) <= (headHigh, headLow)
    {
      // Just above the head: any positive rest will do.
      lower = LOPair(high: headHigh, low: headLow >= 0 ? 1 : -1).roundedToOdd
    }
    let upper = isBelowOne ? min(above.roundedToOdd, 1.0.nextDown) : above.roundedToOdd
    guard lower > 0, upper.isFinite else { return nil }
    return (lower, upper)
  }

  /// The number correctly rounded to `format`, to nearest, ties to even.
  ///
  /// - Returns: nil where the enclosure does not decide the value, or the binade that it lies in.
  package func rounded(to format: FloatFormat) -> RoundedApproximation? {
    guard let ends = oddEnds else { return nil }
    let value: Double
    if format == .float64 {
      guard let double else { return nil }
      value = double.magnitude
    } else {
      let greatest = format.greatestFinite.double
      guard format.precision <= 51 else { return nil }
      value = Self.nearest(ends.lower, in: format)
      guard value == Self.nearest(ends.upper, in: format), value <= greatest else { return nil }
    }
    let ulpExponent = format.ulpExponent(binaryExponent: Int(ends.lower.exponent))
    // The number is below its upper end: for a power of two in the binade below.
    let isPower = ends.upper.significand == 1
    let upperExponent = Int(ends.upper.exponent) - (isPower ? 1 : 0)
    guard ulpExponent == format.ulpExponent(binaryExponent: upperExponent) else { return nil }
    let rounded = FloatValue(value)
    let approximation = approximation(ulpExponent: ulpExponent)
    return RoundedApproximation(
      value: isNegative ? rounded.negated : rounded,
      approximation: isNegative ? approximation.negated : approximation, ulpExponent: ulpExponent)
  }

  /// The pair to 2⁻⁴⁰ ulp.
  private func approximation(ulpExponent: Int) -> FloatValue {
    let exponent = ulpExponent - 40
    guard high.exponent >= exponent else { return .zero }
    let value = FloatValue(high)
    // The high part is a multiple of that unit, or has more bits than are asked for.
    guard value.exponent >= exponent else { return value }
    let unit = Double(sign: .plus, exponent: exponent, significand: 1)
    let units = Int64((low / unit).rounded())
    let significand = value.significand << UInt128(value.exponent - exponent)
    let sum = units < 0 ? significand - UInt128(-units) : significand + UInt128(units)
    return FloatValue(isNegative: false, significand: sum, exponent: exponent)
  }

  /// The quotient by the unit in the last place, a power of two, is exact, and so is the product.
  private static func nearest(_ value: Double, in format: FloatFormat) -> Double {
    let ulpExponent = format.ulpExponent(binaryExponent: Int(value.exponent))
    let unit = Double(sign: .plus, exponent: ulpExponent, significand: 1)
    return (value / unit).rounded(.toNearestOrEven) * unit
  }
}

/// A correctly rounded value, and what it was rounded from.
package struct RoundedApproximation: Hashable, Sendable {
  /// The value.
  package let value: FloatValue
  /// A number within 2⁻²⁰ ulp of the exact one.
  package let approximation: FloatValue
  /// The unit in the last place at the exact value is 2 to this power.
  package let ulpExponent: Int
}

extension LOPair {
  /// The sum of a normalized pair, rounded to odd: to the neighbour with an odd last bit where it is no
  /// double.
  fileprivate var roundedToOdd: Double {
    guard low != 0, high.significandBitPattern & 1 == 0 else { return high }
    return low > 0 ? high.nextUp : high.nextDown
  }
}
