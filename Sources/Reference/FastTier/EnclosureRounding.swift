internal import FastKernels
internal import FloatFormats
internal import Multiprecision

/// Rounds enclosed numbers to a format in a direction, and says how far they are from what they are
/// rounded to.
struct EnclosureRounding: Sendable {
  private let fractionBitCount: Int
  private let leastExponent: Int
  /// The ulps in the least number of a binade.
  private let leastInBinade: Double
  private let greatest: Double
  let direction: RoundingDirection
  private let isFloat64: Bool
  /// What stands for +∞.
  let infinity: Double
  /// Whether residuals are asked for, which have to be good to 2⁻¹⁵ ulp.
  var givesResiduals = true

  /// - Returns: nil for formats that float64 does not hold, and those of 52 bits.
  init?(_ format: FloatFormat, _ direction: RoundingDirection) {
    isFloat64 = format == .float64
    guard format.isWithinFloat64, isFloat64 || format.precision <= 51 else { return nil }
    fractionBitCount = format.fractionBitCount
    leastExponent = format.leastExponent
    leastInBinade = Double(sign: .plus, exponent: format.fractionBitCount, significand: 1)
    greatest = format.greatestFinite.double
    infinity = format.rounded(.infinity, .nearestEven).double
    self.direction = direction
  }

  /// A rounded number v, the residual (exact − v)/ulp to within 2⁻¹⁵, in units of 2⁻⁴⁰ at most, and the exponent of the ulp at the
  /// exact number.
  struct Result {
    let value: Double
    let residual: Double
    let ulpExponent: Int
  }

  /// A quotient rounded, by the divisor's rounded inverse, for formats of at most 24 bits: what four roundings
  /// lose, that of the divisor and of the number's pair among them, is below 2⁻⁵⁰ of it. nil where that does not decide.
  func rounded(_ number: MagnitudeEnclosure, times inverse: Double) -> Result? {
    let quotient = number.high * inverse
    guard quotient > 0x1p-800 else { return nil }
    var enclosure = number
    (enclosure.high, enclosure.low) = (quotient, 0)
    enclosure.error = quotient * 0x1p-50 + number.error * inverse * (1 + 0x1p-50)
    enclosure.floor = LOPair(high: 0, low: 0)
    enclosure.ceiling = LOPair(high: .infinity, low: 0)
    return rounded(enclosure)
  }

  /// The number rounded; nil where the enclosure does not decide the value or the binade, or the format
  /// overflows.
  @inline(__always)
  func rounded(_ number: MagnitudeEnclosure) -> Result? {
    guard number.high.isFinite, number.error.isFinite else { return nil }
    let isNegative = number.isNegative
    // Of magnitudes: 0 to nearest, −1 towards 0, 1 away from it.
    let side =
      switch direction {
      case .nearestEven: 0
      case .towardZero: -1
      case .up: isNegative ? -1 : 1
      case .down: isNegative ? 1 : -1
      }
    let magnitude: Result?
    if number.high == 0, number.error == 0 {
      magnitude = Result(value: 0, residual: 0, ulpExponent: leastExponent - fractionBitCount)
    } else if number.isVanishing {
      let exponent = leastExponent - fractionBitCount
      let value = side > 0 ? Double(sign: .plus, exponent: exponent, significand: 1) : 0
      magnitude = Result(value: value, residual: side > 0 ? -1 : 0, ulpExponent: exponent)
    } else if number.exponent != 0 {
      magnitude = scaled(number, side)
    } else {
      magnitude = isFloat64 ? wide(number, side) : narrow(number, side)
    }
    guard let magnitude, magnitude.value <= greatest else { return nil }
    // The number 0 has no sign; what underflows keeps it.
    let signed = isNegative && !(number.error == 0 && number.high == 0)
    return Result(
      value: signed ? -magnitude.value : magnitude.value,
      residual: isNegative ? -magnitude.residual : magnitude.residual,
      ulpExponent: magnitude.ulpExponent)
  }

  /// Of at most 51 bits.
  @inline(__always)
  private func narrow(_ number: MagnitudeEnclosure, _ side: Int) -> Result? {
    // Most lie inside a binade, farther from a midpoint than their error.
    let exponent = ulpExponent(Int(number.high.bitPattern >> 52) - 1023)
    guard side == 0, exponent > -1000, exponent < 970 else { return ends(number, side) }
    let inverse = Double(bitPattern: UInt64(1023 - exponent) << 52)
    let value = Self.integer(number.high * inverse, 0)
    let distance = (number.high * inverse - value) + number.low * inverse
    guard number.error * inverse < Self.margin, isCertain(number.high * inverse, distance) else {
      return ends(number, side)
    }
    let rounded = value * Double(bitPattern: UInt64(1023 + exponent) << 52)
    return Result(
      value: rounded,
      residual: Self.residual((number.high - rounded) * inverse, number.low * inverse),
      ulpExponent: exponent)
  }

  /// What a number's error has to be below, in ulps, for residuals to be good to 2⁻¹⁵.
  private static let margin = 0x1p-16

  /// Whether a number of ulps lies inside a binade, and off the midpoints by more than its error.
  @inline(__always)
  private func isCertain(_ ulps: Double, _ distance: Double) -> Bool {
    distance.magnitude < 0.5 - 2 * Self.margin && ulps > leastInBinade + 2 * Self.margin
      && ulps < 2 * leastInBinade - 2 * Self.margin
  }

  /// The number of at most 24 bits that is nearest to one within 2⁻⁴⁰ of itself of an approximation; nil
  /// where that does not decide, or the format overflows.
  @inline(__always)
  func nearest(to approximation: Double) -> Result? {
    let magnitude = approximation.magnitude
    let exponent = ulpExponent(Int(magnitude.bitPattern >> 52) - 1023)
    guard exponent > -1000, exponent < 970 else { return nil }
    let inverse = Double(bitPattern: UInt64(1023 - exponent) << 52)
    let (ulps, unit) = (magnitude * inverse, Double(bitPattern: UInt64(1023 + exponent) << 52))
    let value = Self.integer(ulps, 0)
    // Where the ulp is that of subnormal numbers only midpoints are in the way. Nearer to 0 the bounds of the kernels
    // end.
    let isInside =
      exponent == leastExponent - fractionBitCount && magnitude > 0x1p-120
      ? (ulps - value).magnitude < 0.5 - 2 * Self.margin
        && ulps < 2 * leastInBinade - 2 * Self.margin
      : isCertain(ulps, ulps - value)
    guard isInside, value * unit <= greatest else { return nil }
    let sign: Double = approximation < 0 ? -1 : 1
    return Result(
      value: sign * value * unit, residual: sign * (ulps - value), ulpExponent: exponent)
  }

  /// Of at most 51 bits: both ends, rounded to odd, are rounded to integers of ulps.
  private func ends(_ number: MagnitudeEnclosure, _ side: Int) -> Result? {
    var (lower, upper) = (number.high, number.high)
    if number.error > 0 {
      lower = number.lowerEnd.odd(above: true)
      upper = number.upperEnd.odd(above: false)
      // A lower end at 0 or below is one just above 0.
      if !(lower > 0) || lower > upper { lower = .leastNonzeroMagnitude }
    }
    let exponent = ulpExponent(Int(lower.bitPattern >> 52) - 1023)
    guard exponent == ulpExponent(Int(upper.bitPattern >> 52) - 1023),
      exponent > -1000, exponent < 970
    else { return nil }
    let inverse = Double(bitPattern: UInt64(1023 - exponent) << 52)
    guard number.error * inverse < 0x1p-16 else { return nil }
    let value = Self.integer(lower * inverse, side)
    guard value == Self.integer(upper * inverse, side) else { return nil }
    let rounded = value * Double(bitPattern: UInt64(1023 + exponent) << 52)
    return Result(
      value: rounded,
      residual: Self.residual((number.high - rounded) * inverse, number.low * inverse),
      ulpExponent: exponent)
  }

  /// The sum of a distance in ulps, and of what the pair's low part adds: to 2⁻⁴⁰ ulp, or to the bits of the
  /// high part where it has more; less than that is 0.
  @inline(__always)
  private static func residual(_ distance: Double, _ low: Double) -> Double {
    let units = distance * 0x1p40
    guard integer(units, 0) == units else { return units.magnitude < 1 ? 0 : distance }
    return (units + integer(low * 0x1p40, 0)) * 0x1p-40
  }

  private func ulpExponent(_ binaryExponent: Int) -> Int {
    max(binaryExponent, leastExponent) - fractionBitCount
  }

  /// A number below 2⁵¹ rounded to an integer: by adding what pushes the fraction out, and taking it away.
  @inline(__always)
  private static func integer(_ value: Double, _ side: Int) -> Double {
    let nearest = (value + 0x1.8p52) - 0x1.8p52
    if side == 0 { return nearest }
    if side < 0 { return nearest > value ? nearest - 1 : nearest }
    return nearest < value ? nearest + 1 : nearest
  }

  /// float64: the sums of the ends' pairs are rounded to nearest already.
  private func wide(_ number: MagnitudeEnclosure, _ side: Int) -> Result? {
    let (lower, upper) = (number.lowerEnd, number.upperEnd)
    guard lower.high > 0 else { return nil }
    let isPoint = number.error == 0
    let value = Self.double(lower, side, above: isPoint ? nil : true)
    guard value == Self.double(upper, side, above: isPoint ? nil : false), value.isFinite else {
      return nil
    }
    let exponent = ulpExponent(lower.exponent(above: true))
    if givesResiduals {
      guard exponent == ulpExponent(upper.exponent(above: isPoint)),
        number.error.scaled(byPowerOfTwo: -exponent) < 0x1p-16
      else { return nil }
    }
    return Result(
      value: value,
      residual: Self.residual(
        (number.high - value).scaled(byPowerOfTwo: -exponent),
        number.low.scaled(byPowerOfTwo: -exponent)),
      ulpExponent: exponent)
  }

  /// A number whose pair stands powers of two above it: a normal one is rounded as the pair is, one below, or in the
  /// first normal binade, as a number of ulps.
  private func scaled(_ number: MagnitudeEnclosure, _ side: Int) -> Result? {
    guard number.high > 2 * number.error else { return nil }
    let binaryExponent = number.high.exponent + number.exponent
    if isFloat64, binaryExponent > leastExponent {
      guard let result = wide(number, side) else { return nil }
      return Result(
        value: result.value.scaled(byPowerOfTwo: number.exponent), residual: result.residual,
        ulpExponent: result.ulpExponent + number.exponent)
    }
    let exponent = leastExponent - fractionBitCount
    let scale = number.exponent - exponent
    let (ulps, low, error) = (
      number.high.scaled(byPowerOfTwo: scale), number.low.scaled(byPowerOfTwo: scale),
      number.error.scaled(byPowerOfTwo: scale)
    )
    guard ulps < 2 * leastInBinade - 1, error < Self.margin else { return nil }
    var value = ulps.rounded(.toNearestOrEven)
    // The first difference is exact, and the sum has its sign.
    let distance = (ulps - value) + low
    if let isAbove = number.isAbovePair, distance == 0 || distance.magnitude == 0.5 {
      // A tie or an integer, and the side of it that the number lies on.
      let lower = isAbove || distance != 0 ? ulps.rounded(.down) : ulps - 1
      let isUp = side > 0 || (side == 0 && isAbove)
      value = side == 0 && distance == 0 ? ulps : isUp ? lower + 1 : lower
    } else {
      guard
        side == 0
          ? distance.magnitude < 0.5 - 2 * Self.margin : distance.magnitude > 2 * error
      else { return nil }
      if Double(side) * distance > 0 { value += Double(side) }
    }
    return Result(
      value: value.scaled(byPowerOfTwo: exponent), residual: Self.residual(ulps - value, low),
      ulpExponent: exponent)
  }

  /// What lies just above a pair, or below it, as a double; nil for the pair itself.
  private static func double(_ pair: LOPair, _ side: Int, above isAbove: Bool?) -> Double {
    let (high, low) = (pair.high, pair.low)
    // The side of `high` that the number lies on.
    let rest = low != 0 ? low : isAbove.map { $0 ? 1 : -1 } ?? 0
    if side > 0 { return rest > 0 ? high.nextUp : high }
    if side < 0 { return rest < 0 ? high.nextDown : high }
    // A tie that the number lies beyond.
    if low > 0, isAbove == true, 2 * low == high.nextUp - high { return high.nextUp }
    if low < 0, isAbove == false, -2 * low == high - high.nextDown { return high.nextDown }
    return high
  }
}

extension Double {
  /// The number times 2^`exponent`, in two steps that the doubles hold.
  @inlinable @inline(__always)
  package func scaled(byPowerOfTwo exponent: Int) -> Double {
    guard abs(exponent) > 1000 else {
      return self * Double(bitPattern: UInt64(1023 + exponent) << 52)
    }
    let half = min(max(exponent / 2, -1000), 1000)
    let rest = min(max(exponent - half, -1000), 1000)
    return self * Double(bitPattern: UInt64(1023 + half) << 52)
      * Double(bitPattern: UInt64(1023 + rest) << 52)
  }
}
