internal import FastKernels

/// A real number whose sign is certain, and whose magnitude lies within `error` of high + low.
///
/// Where the error is 0 it is that number. Else it lies strictly inside, strictly above the floor and
/// strictly below the ceiling: those are exact, and may be breakpoints of a format. So the floor of a loss
/// is its head, above which a tail lies that is too small for any precision, and the ceiling of a
/// probability is 1.
struct MagnitudeEnclosure {
  var high: Double
  var low: Double
  var error: Double
  var floor = LOPair(high: 0, low: 0)
  var ceiling = LOPair(high: .infinity, low: 0)
  var isNegative: Bool
  /// Whether it is rational.
  var isRational = false
  /// The number, its floor and its ceiling are so many powers of two above what stands here: for those whose pair the
  /// doubles do not hold.
  var exponent = 0

  /// A magnitude within a proven bound of a positive pair.
  init(_ pair: LOPair, bound: Double = lo_wideBound, isNegative: Bool = false) {
    (high, low) = (pair.high, pair.low)
    error = pair.high * bound
    self.isNegative = isNegative
  }

  /// An exact positive head and a positive tail.
  init(head: LOPair, tail: Ball, isNegative: Bool = false) {
    let sum = LOPair.sum(head.high, tail.high)
    (high, low) = (sum.high, sum.low + (head.low + tail.low))
    // Three roundings of what is below 3 ulps of the sum are below 2⁻¹⁰⁰ of it.
    error = tail.error + sum.high * 0x1p-100
    floor = head
    self.isNegative = isNegative
  }

  /// An exact positive head less a positive tail that is next to nothing beside it.
  init(head: LOPair, lessTail bound: Double, isNegative: Bool) {
    (high, low, error) = (head.high, head.low, max(bound, .leastNonzeroMagnitude))
    ceiling = head
    self.isNegative = isNegative
  }

  /// A number just above an exact positive one, or just below it.
  init(
    besides head: Double, within bound: Double, exponent: Int, isAbove: Bool, isNegative: Bool
  ) {
    (high, low, error) = (head, 0, bound)
    if isAbove { floor.high = head } else { ceiling.high = head }
    self.isNegative = isNegative
    self.exponent = exponent
  }

  /// A number that is not 0, or a positive one by its nature.
  ///
  /// - Returns: nil where its sign is not certain.
  init?(_ ball: Ball, isPositive: Bool = false) {
    guard ball.error.isFinite, isPositive || ball.hasSign else {
      return nil
    }
    isNegative = !isPositive && ball.high < 0
    (high, low) = isNegative ? (-ball.high, -ball.low) : (ball.high, ball.low)
    // What is positive by its nature is above 0.
    if high < 0 { (high, low) = (0, 0) }
    error = max(ball.error, .leastNonzeroMagnitude)
  }

  /// A number whose magnitude is not 0, and whose sign is known.
  init?(magnitude: Ball, isNegative: Bool) {
    self.init(magnitude, isPositive: true)
    self.isNegative = isNegative
  }

  /// A factor times e^−x, however small that is.
  ///
  /// - Parameter x: Not below 0.
  /// - Returns: nil where the factor's sign is not certain.
  init?(_ factor: Ball, timesExponentialOfNegative x: Ball) {
    guard factor.hasSign, factor.error.isFinite else { return nil }
    // e^−773 is 2⁻¹¹¹⁵.
    if x.high - x.error > 776 + 0.7 * Double(max(factor.high.exponent + 1, 0)) {
      self = .vanishing(isNegative: factor.high < 0)
    } else if x.high < 450 {
      self.init(factor * x.exponentialOfNegative)
    } else {
      self.init(factor * .farExponential(x))
      exponent = Ball.farExponent
    }
  }

  /// A number of the doubles.
  init(exactly value: Double) {
    isNegative = value.sign == .minus
    (high, low, error) = (value.magnitude, 0, 0)
    isRational = true
  }

  /// The sum of a single number: of −0 it is 0.
  init(sum value: Double) { self.init(exactly: value == 0 ? 0 : value) }

  /// What is not 0 and below 2⁻¹¹¹⁵, less than 2⁻⁴¹ of the least number of every format.
  static func vanishing(isNegative: Bool) -> MagnitudeEnclosure {
    var enclosure = MagnitudeEnclosure(exactly: isNegative ? -0.0 : 0)
    enclosure.error = .leastNonzeroMagnitude
    enclosure.isRational = false
    return enclosure
  }

  /// The number times one of the doubles: as a product of balls, or exactly where both are doubles and their product
  /// is.
  ///
  /// - Returns: nil for an infinity or NaN, where the product may be too great or too small, and where nothing is known
  ///   of it.
  func times(_ factor: Double) -> MagnitudeEnclosure? {
    guard factor.isFinite, high.isFinite, error.isFinite else { return nil }
    // 0 times what is finite.
    if factor == 0 { return MagnitudeEnclosure(exactly: 0) }
    let scale = factor.magnitude
    let sign = isNegative != (factor < 0)
    if isVanishing {
      return scale <= 1 ? .vanishing(isNegative: sign) : nil
    }
    let product = Ball(LOPair(high: high, low: low), error: error) * Ball(scale)
    guard var result = MagnitudeEnclosure(product, isPositive: true) else { return nil }
    if error == 0, high == 0 { result = MagnitudeEnclosure(exactly: 0) }
    if product.error == 0, product.low == 0 { result = MagnitudeEnclosure(exactly: product.high) }
    result.isNegative = sign
    result.isRational = isRational
    result.exponent = exponent
    // Bounds that are no doubles are of no use beside a breakpoint.
    if ceiling.high.isFinite, ceiling.low == 0 {
      result.ceiling.high = Self.product(ceiling.high, scale) ?? .infinity
    }
    if floor.low == 0 { result.floor.high = Self.product(floor.high, scale) ?? 0 }
    return result
  }

  /// The number over a positive one from 2⁻²⁰ to 2⁶⁰.
  ///
  /// - Returns: nil where the quotient may be too great or too small, and where nothing is known of the number.
  func divided(by divisor: Ball) -> MagnitudeEnclosure? {
    guard high.isFinite, error.isFinite else { return nil }
    if error == 0, high == 0 { return self }
    // Of a power of two the bounds stay what they are.
    if divisor.low == 0, divisor.error == 0, divisor.high.significand == 1 {
      return times(1 / divisor.high)
    }
    if isVanishing { return divisor.high > 1 ? self : nil }
    let quotient = Ball(LOPair(high: high, low: low), error: error) / divisor
    // The floor and the ceiling over it are no breakpoints, but where weights make them so.
    guard var result = MagnitudeEnclosure(quotient, isPositive: true) else { return nil }
    result.isNegative = isNegative
    result.isRational = isRational
    result.exponent = exponent
    return result
  }

  /// The product of doubles, where it is one.
  private static func product(_ a: Double, _ b: Double) -> Double? {
    let product = a * b
    let isExact = (-product).addingProduct(a, b) == 0 && product > 0x1p-900
    return isExact && product.isFinite ? product : nil
  }

  /// Notes that the magnitude is below another, where that is exact and the number of the sign given.
  mutating func limit(to head: Ball, ifNegative sign: Bool) {
    if isNegative == sign, head.error == 0, head.high < ceiling.high {
      ceiling = LOPair(high: head.high, low: head.low)
    }
  }

  /// The number to the nearest double, ties to even; nil where that is undecided.
  var double: Double? {
    guard high.isFinite else { return nil }
    let outer = min(high + (low + error), ceiling.high)
    guard outer > 0 else { return nil }
    if high + (low - error) != outer {
      // What is just above the floor: the next number where the floor is the midpoint below it.
      let isMidpoint = floor.low > 0 && 2 * floor.low == floor.high.ulp
      guard floor.high > 0, (isMidpoint ? floor.high.nextUp : floor.high) == outer else {
        return nil
      }
    }
    return isNegative ? -outer : outer
  }

  /// The number with its sign.
  var ball: Ball {
    Ball(isNegative ? LOPair(high: -high, low: -low) : LOPair(high: high, low: low), error: error)
  }

  /// Whether it is what `vanishing` makes.
  var isVanishing: Bool { high == 0 && error == .leastNonzeroMagnitude }

  /// Whether the pair itself is what the number lies above, or below; nil where it is neither.
  var isAbovePair: Bool? {
    func isPair(_ end: LOPair) -> Bool { end.high == high && end.low == low }
    return isPair(floor) ? true : isPair(ceiling) ? false : nil
  }

  /// The lower end, exactly.
  var lowerEnd: LOPair {
    let end = LOPair.sum(high, low - error)
    return end.high < floor.high || (end.high == floor.high && end.low < floor.low) ? floor : end
  }

  /// The upper end, exactly.
  var upperEnd: LOPair {
    let end = LOPair.sum(high, low + error)
    return end.high > ceiling.high || (end.high == ceiling.high && end.low > ceiling.low)
      ? ceiling : end
  }
}

extension LOPair {
  /// What lies just above the pair, or below it, rounded to odd: to the neighbour with an odd last bit.
  /// Rounded again to at most 51 bits, it is as the number itself. S. Boldo, G. Melquiond, "Emulation of
  /// FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on
  /// Computers 57 (2008).
  @inline(__always)
  func odd(above isAbove: Bool) -> Double {
    let bits = high.bitPattern
    guard bits & 1 == 0 else { return high }
    return Double(bitPattern: low > 0 || (low == 0 && isAbove) ? bits &+ 1 : bits &- 1)
  }

  /// The exponent of the binade of what lies just above the pair, or below it.
  @inline(__always)
  func exponent(above isAbove: Bool) -> Int {
    let exponent = Int(high.bitPattern >> 52) - 1023
    let isPower = high.bitPattern & (1 << 52 - 1) == 0
    return isPower && (low < 0 || (low == 0 && !isAbove)) ? exponent - 1 : exponent
  }
}
