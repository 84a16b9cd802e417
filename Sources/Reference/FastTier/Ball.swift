internal import FastKernels

/// A real number within `error` of high + low: double-double arithmetic that carries a bound of its own
/// error, as Arb's balls do (F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval
/// arithmetic", IEEE Transactions on Computers 66, 2017).
///
/// The pairs follow Joldes, Muller and Popescu (ACM TOMS 44, 2017), whose relative errors of at most
/// 15u², u² = 2⁻¹⁰⁶, `operationBound` covers four times over; so it does those of the bounds' own roundings,
/// a few 2⁻⁵² of them, by `slack`. What underflows is below `underflow`.
struct Ball {
  var high: Double
  var low: Double
  var error: Double

  private static let operationBound = 0x1p-100
  private static let underflow = 0x1p-960
  private static let slack = 1 + 0x1p-40

  /// A number of the doubles.
  init(_ value: Double) { (high, low, error) = (value, 0, 0) }

  /// A pair within a bound.
  init(_ pair: LOPair, error: Double) { (high, low, self.error) = (pair.high, pair.low, error) }

  /// The kernels cut exponentials below e⁻⁶⁰⁰ to that; so one below this lies between 0 and twice this.
  static let cut = 0x1p-865

  /// An exponential of a difference, from the kernels: their bound, and what a temperature adds.
  init(term pair: LOPair) {
    self.init(pair, error: pair.high < Self.cut ? 2 * Self.cut : pair.high * 0x1p-86)
  }

  /// The logarithm of a sum, from the kernels: below `lo_leastWide` it is positive, and at most twice that.
  init(tail: LOPair, bound: Double = lo_wideBound) {
    let isTiny = tail.high < lo_leastWide
    self.init(
      LOPair(high: tail.high, low: isTiny ? 0 : tail.low),
      error: isTiny ? tail.high : tail.high * bound)
  }

  /// The result of an operation whose operands' errors come to `propagated`.
  private init(_ pair: LOPair, propagated: Double) {
    (high, low) = (pair.high, pair.low)
    error = (propagated + pair.high.magnitude * Self.operationBound) * Self.slack + Self.underflow
  }

  /// x − y of doubles, exactly unless it overflows.
  static func difference(_ x: Double, _ y: Double) -> Ball { Ball(.sum(x, -y), error: 0) }

  /// Whether it is the number 0.
  var isZero: Bool { high == 0 && error == 0 }

  /// Whether it is certainly not 0.
  var hasSign: Bool { high.magnitude > 2 * error }

  /// Whether it is the number 1.
  var isOne: Bool { high == 1 && low == 0 && error == 0 }

  /// What is below any number that counts.
  static let nextToNothing = Ball(LOPair(high: 0, low: 0), error: underflow)

  /// Nothing is known of it.
  static let unknown = Ball(LOPair(high: 0, low: 0), error: .infinity)

  /// The same without its sign.
  var magnitude: Ball { high < 0 ? -self : self }

  /// Whether it is above another, as far as their pairs tell.
  func isAbove(_ other: Ball) -> Bool { (high, low) > (other.high, other.low) }

  /// The greatest magnitude that it may have.
  var greatestMagnitude: Double { high.magnitude * (1 + 0x1p-50) + error }

  static prefix func - (a: Ball) -> Ball {
    Ball(LOPair(high: -a.high, low: -a.low), error: a.error)
  }

  static func + (a: Ball, b: Ball) -> Ball {
    if a.isZero { return b }
    if b.isZero { return a }
    // Algorithm 6, whose bound holds for operands of any signs.
    let (s, t) = (LOPair.sum(a.high, b.high), LOPair.sum(a.low, b.low))
    // Both sums are exact.
    if s.high == 0, t.high == 0, a.error == 0, b.error == 0 { return Ball(0) }
    let v = LOPair.fastSum(s.high, s.low + t.high)
    return Ball(.fastSum(v.high, v.low + t.low), propagated: a.error + b.error)
  }

  static func - (a: Ball, b: Ball) -> Ball { a + -b }

  static func * (a: Ball, b: Ball) -> Ball {
    if a.isZero || b.isZero { return Ball(0) }
    if b.isOne { return a }
    if a.isOne { return b }
    let isExact = a.low == 0 && b.low == 0 && a.error == 0 && b.error == 0
    let propagated = a.greatestMagnitude * b.error + b.greatestMagnitude * a.error
    // Algorithm 12.
    let product = a.high * b.high
    let rest = (-product).addingProduct(a.high, b.high) + (a.high * b.low + a.low * b.high)
    // A product of doubles is a pair, unless its low part underflows.
    if isExact, product.magnitude > Self.underflow {
      return Ball(LOPair(high: product, low: rest), error: 0)
    }
    return Ball(.fastSum(product, rest), propagated: propagated)
  }

  /// a/b for b > 0.
  static func / (a: Ball, b: Ball) -> Ball {
    if a.isZero || b.isOne { return a }
    let quotient = a.high / b.high
    let rest = a.high.addingProduct(-quotient, b.high)
    let step = (rest + a.low).addingProduct(-quotient, b.low) / b.high
    let propagated = (a.error + quotient.magnitude * (1 + 0x1p-50) * b.error) / (b.high - b.error)
    return Ball(
      .fastSum(quotient, step),
      propagated: b.high > 2 * b.error ? propagated * (1 + 0x1p-40) : .infinity)
  }

  /// log(1 + s) for 0 ≤ s ≤ 2²⁴.
  var logOnePlus: Ball {
    let value = lo_wide_log_one_plus_sum(LOPair(high: high, low: low))
    // |log(1 + s) − log(1 + s')| ≤ |s − s'|.
    return Ball(value, propagated: error + value.high.magnitude * lo_wideBound)
  }

  /// The n-th power for a small n.
  func power(_ n: Int) -> Ball { (0..<n).reduce(Ball(1)) { product, _ in product * self } }
}

/// The sum of many balls, by blocks: what a term adds to the bound is that of its block, not that of all before it.
struct BallSum {
  private var whole = Ball(0)
  private var block = Ball(0)
  private var count = 0

  mutating func add(_ term: Ball) {
    block = block + term
    count += 1
    guard count == Self.blockSize else { return }
    (whole, block, count) = (whole + block, Ball(0), 0)
  }

  var value: Ball { whole + block }

  private static let blockSize = 1024
}

extension Ball {
  /// The sum of the terms of so many classes.
  static func sum(_ count: Int, _ term: (Int) -> Ball) -> Ball {
    var sum = BallSum()
    for index in 0..<count { sum.add(term(index)) }
    return sum.value
  }
}

extension LOPair {
  /// a + b exactly where |a| ≥ |b| or a = 0, by T. Dekker.
  static func fastSum(_ a: Double, _ b: Double) -> LOPair {
    let sum = a + b
    return LOPair(high: sum, low: b - (sum - a))
  }
}
