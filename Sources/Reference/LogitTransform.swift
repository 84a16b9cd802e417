internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// What options put before a function of logits: a logit x becomes v = b + g(s·x), and the function is of
/// v/T, with g(y) = y or, under a soft cap c, c·tanh(y/c).
///
/// Without the cap v is a dyadic rational, and the theorems hold for v/T as for x. Under it e^v is the
/// exponential of a transcendental number, of which no theorem says that it is irrational.
struct LogitTransform: Sendable {
  /// s; nil for 1.
  let scale: FloatValue?
  /// c.
  let softcap: FloatValue?
  /// b of each class.
  let biases: [FloatValue]?
  /// T.
  let temperature: FloatValue

  init(_ options: LossOptions) {
    scale = options.scale == .one ? nil : options.scale
    softcap = options.softcap
    biases = options.logitBias
    temperature = options.temperature ?? .one
  }

  /// Why what is not rational of the transformed logits is no breakpoint.
  var ground: Ground { softcap == nil ? .lindemannWeierstrass : .unsettled }

  /// Whether v/T is x itself.
  var isIdentity: Bool { keepsLogits && temperature == .one }

  /// Whether v is x itself, but for a bias: then its derivative by x is 1.
  var keepsSlopes: Bool { scale == nil && softcap == nil }

  /// Whether v is x itself.
  var keepsLogits: Bool { scale == nil && softcap == nil && biases == nil }

  /// The logit of a class.
  func callAsFunction(_ logit: FloatValue, of index: Int = 0) -> TransformedLogit {
    self(.number(logit), of: index)
  }

  /// The logit of a class, given in whatever way.
  func callAsFunction(_ logit: SourceLogit, of index: Int) -> TransformedLogit {
    let bias = biases?[index]
    return TransformedLogit(
      source: logit, scale: scale, softcap: softcap, bias: bias?.isZero == true ? nil : bias)
  }

  /// The bits that e^(v/T) loses to an error of half an ulp in its argument: see `LogitRow`.
  func precisionLoss(_ logits: some Sequence<FloatValue>) -> Int {
    var greatest = Int.min
    for logit in logits { greatest = max(greatest, logit.binaryExponent ?? .min) }
    return precisionLoss(greatestExponent: greatest == .min ? nil : greatest)
  }

  /// The same of logits whose greatest binary exponent is this; nil for zeros.
  func precisionLoss(greatestExponent: Int?) -> Int {
    var exponents =
      greatestExponent.map { [$0 + (scale?.binaryExponent.map { $0 + 1 } ?? 0)] } ?? []
    if let softcap { exponents = [softcap.binaryExponent ?? 0] }
    if let bias = biases?.compactMap(\.binaryExponent).max() { exponents.append(bias) }
    let greatest = (exponents.max() ?? 0) + (exponents.count > 1 ? 1 : 0)
    return min(
      max(greatest - (temperature.binaryExponent ?? 0) + 1, 0),
      FloatFormat.exponentBitRange.upperBound)
  }
}

/// A logit x as it was given: a number, or a class of exact sums.
enum SourceLogit: Sendable {
  case number(FloatValue)
  case sum(ExactLogits, Int)

  var isNaN: Bool { if case .number(let number) = self { number.isNaN } else { false } }
  var isInfinite: Bool { if case .number(let number) = self { number.isInfinite } else { false } }
  var isFinite: Bool { if case .number(let number) = self { number.isFinite } else { true } }

  var isZero: Bool {
    switch self {
    case .number(let number): number.isZero
    case .sum(let sums, let index): sums.signum(index) == 0
    }
  }

  var isNegative: Bool {
    switch self {
    case .number(let number): number.isNegative
    case .sum(let sums, let index): sums.signum(index) < 0
    }
  }

  /// A finite x.
  var exact: BigFloat {
    switch self {
    case .number(let number): BigFloat(number)
    case .sum(let sums, let index): sums.value(index)
    }
  }

  func isNumericallyEqual(to other: SourceLogit) -> Bool {
    switch (self, other) {
    case (.number(let mine), .number(let its)): mine.isNumericallyEqual(to: its)
    case (.sum(let sums, let mine), .sum(_, let its)): sums.comparison(mine, its) == 0
    default: false
    }
  }

  /// Whether two finite numbers are the same but for their signs.
  func hasSameMagnitude(as other: SourceLogit) -> Bool {
    var mine = exact
    var its = other.exact
    if isNegative { mine.negate() }
    if other.isNegative { its.negate() }
    return mine.isEqual(to: its)
  }

  /// Of two of a row; a number beside sums is −∞.
  func isLess(than other: SourceLogit) -> Bool {
    switch (self, other) {
    case (.number(let mine), .number(let its)): mine.isLess(than: its)
    case (.sum(let sums, let mine), .sum(_, let its)): sums.comparison(mine, its) < 0
    case (.number, .sum): true
    case (.sum, .number): false
    }
  }
}

/// A logit as a function sees it, but for the temperature: v = b + g(s·x).
struct TransformedLogit: Sendable {
  /// x.
  let source: SourceLogit
  fileprivate let scale: FloatValue?
  fileprivate let softcap: FloatValue?
  /// b; nil for 0.
  fileprivate let bias: FloatValue?

  /// Whether x is NaN.
  var isNaN: Bool { source.isNaN }

  /// Whether v is a number. The cap makes one of infinite logits.
  var isFinite: Bool { softcap == nil ? source.isFinite : !source.isNaN }

  /// Whether v is +∞ or −∞.
  var isInfinite: Bool { softcap == nil && source.isInfinite }

  /// Whether v is known as a dyadic rational: not where the cap takes the tanh of another number than 0.
  var isExact: Bool { softcap == nil || source.isZero || source.isInfinite }

  /// v, where it is a dyadic rational.
  var exact: BigFloat {
    guard let bias else { return unbiased }
    return .exactSum(unbiased, BigFloat(bias))
  }

  /// g(s·x), where it is a dyadic rational.
  private var unbiased: BigFloat {
    if let softcap {
      if source.isZero { return BigFloat(0) }
      return BigFloat(source.isNegative ? softcap.negated : softcap)
    }
    return scaled
  }

  private var scaled: BigFloat {
    guard let scale else { return source.exact }
    return .exactProduct(source.exact, BigFloat(scale))
  }

  /// −1, 0 or 1; where the bias all but cancels what is capped, and 2^15 bits do not tell, 1.
  var signum: Int {
    guard let bias else { return source.isZero ? 0 : source.isNegative ? -1 : 1 }
    if isInfinite { return source.isNegative ? -1 : 1 }
    if isExact { return exact.signum }
    if bias.isNegative == source.isNegative { return bias.isNegative ? -1 : 1 }
    var precision = 64
    while precision <= 1 << 15 {
      let parts = self.parts(precision: precision)
      if let signum = parts.enclosure(precision: precision).signum { return signum }
      precision *= 2
    }
    return 1
  }
}

// MARK: - Order

extension TransformedLogit {
  /// Whether another logit under the same options has the same bias, so that the two are ordered as
  /// their sources are: g rises.
  private func isOrderedAsSources(beside other: TransformedLogit) -> Bool {
    switch (bias, other.bias) {
    case (nil, nil): true
    case (let mine?, let its?): mine.isNumericallyEqual(to: its)
    default: false
    }
  }

  /// Whether two logits under the same options are the same number.
  ///
  /// Under a cap two of different biases are not, unless both are rational: tanh p − tanh q of rational
  /// numbers is a rational function of t = e^(2/N), which is transcendental, and is constant in t for
  /// p = q alone.
  func isNumericallyEqual(to other: TransformedLogit) -> Bool {
    if isOrderedAsSources(beside: other) || isInfinite || other.isInfinite {
      return source.isNumericallyEqual(to: other.source)
    }
    guard !isNaN, !other.isNaN, isExact, other.isExact else { return false }
    return exact.isEqual(to: other.exact)
  }

  /// Whether a − b is c − d, of finite logits under the same options.
  ///
  /// Under a cap the tanh of rational numbers of different magnitudes and 1 are independent over the rational numbers:
  /// as functions of t = e^(2/N) each has poles of its own, and t is transcendental. So the tanh cancel in pairs, and
  /// what is rational by itself.
  static func haveSameDifference(
    _ a: TransformedLogit, _ b: TransformedLogit, _ c: TransformedLogit, _ d: TransformedLogit
  ) -> Bool {
    var rational = BigFloat(0)
    var left: [(source: SourceLogit, isPositive: Bool)] = []
    for (logit, isAdded) in [(a, true), (b, false), (c, false), (d, true)] {
      var number = logit.isExact ? logit.exact : logit.bias.map { BigFloat($0) } ?? BigFloat(0)
      if !isAdded { number.negate() }
      rational = .exactSum(rational, number)
      guard !logit.isExact else { continue }
      let isPositive = isAdded != logit.source.isNegative
      let opposite = left.firstIndex {
        $0.isPositive != isPositive && $0.source.hasSameMagnitude(as: logit.source)
      }
      if let opposite {
        left.remove(at: opposite)
      } else {
        left.append((logit.source, isPositive))
      }
    }
    return left.isEmpty && rational.isZero
  }

  /// Whether this is less than another logit under the same options, as far as 2^12 bits tell. NaN is
  /// unordered.
  func isLess(than other: TransformedLogit) -> Bool {
    if isOrderedAsSources(beside: other) || isInfinite || other.isInfinite {
      return source.isLess(than: other.source)
    }
    if isNaN || other.isNaN || isNumericallyEqual(to: other) { return false }
    if isExact, other.isExact { return exact.isLess(than: other.exact) }
    var precision = 64
    while precision <= 1 << 12 {
      let distance = other.distance(to: self, precision: precision)
      if let signum = distance.enclosure(precision: precision).signum { return signum > 0 }
      precision *= 2
    }
    return false
  }
}

// MARK: - Enclosures

extension TransformedLogit {
  /// A finite v, exact up to a tail of `precision` bits.
  ///
  /// Far above the cap g(y) is c less 2c/(e^(2y/c) + 1), which keeps its digits, and the order of two
  /// logits that round to the cap, however little is left of it.
  func parts(precision: Int) -> HeadAndTail {
    guard let softcap, !isExact else { return HeadAndTail(head: exact, tail: Enclosure(0)) }
    let head = bias.map { BigFloat($0) } ?? BigFloat(0)
    let cap = BigFloat(softcap)
    guard let complement = saturation(precision: precision) else {
      var tail = Enclosure.quotient(scaled, cap, precision: precision)
      tail.apply(.hyperbolicTangent, precision: precision)
      tail.multiply(by: cap, precision: precision)
      return HeadAndTail(head: head, tail: tail)
    }
    // 1 − tanh q = 2t/(1 + t), with t = e^(−2q).
    var tail = complement.copy()
    var divisor = complement.copy()
    divisor.add(BigFloat(1), precision: precision)
    tail.divide(by: divisor, precision: precision)
    tail.scale(byPowerOfTwo: 1)
    tail.multiply(by: cap, precision: precision)
    if source.isNegative {
      return HeadAndTail(head: .exactDifference(head, cap), tail: tail)
    }
    tail.negate()
    return HeadAndTail(head: .exactSum(head, cap), tail: tail)
  }

  /// e^(−2q) for q = |s·x|/c of at least 1; nil below that.
  private func saturation(precision: Int) -> Enclosure? {
    guard let softcap else { return nil }
    var magnitude = scaled
    if magnitude.isNegative { magnitude.negate() }
    guard !magnitude.isLess(than: BigFloat(softcap)) else { return nil }
    return Self.decay(of: magnitude, softcap, precision: precision)
  }

  /// e^(−2m/c).
  private static func decay(
    of magnitude: borrowing BigFloat, _ softcap: FloatValue, precision: Int
  ) -> Enclosure {
    // An argument of 2^k costs k bits; beyond the exponents of all formats its digits do not matter.
    let size = (magnitude.binaryExponent ?? 0) - (softcap.binaryExponent ?? 0) + 2
    let loss = min(max(size, 0), FloatFormat.exponentBitRange.upperBound)
    var result = Enclosure.quotient(magnitude, BigFloat(softcap), precision: precision + loss)
    result.scale(byPowerOfTwo: 1)
    result.negate()
    result.apply(.exponential, precision: precision)
    return result
  }

  /// This less another finite logit under the same options, not below 0 where it is known to be the greater.
  func distance(to other: TransformedLogit, precision: Int) -> HeadAndTail {
    if isExact, other.isExact {
      return HeadAndTail(head: .exactDifference(exact, other.exact), tail: Enclosure(0))
    }
    if isNumericallyEqual(to: other) { return .zero() }
    var result = parts(precision: precision)
    let its = other.parts(precision: precision)
    result.head = .exactDifference(result.head, its.head)
    var negated = its.tail.copy()
    negated.negate()
    result.tail = .sum(result.tail, negated, precision: precision)
    let isGreater = isOrderedAsSources(beside: other) && other.source.isLess(than: source)
    if isGreater, result.head.isZero, result.tail.lower.signum < 0 {
      result.tail = Enclosure(lower: BigFloat(0), upper: result.tail.upper.copy())
    }
    return result
  }

  /// Whether v is the cap of an infinite x, where its derivative is 0.
  var isSaturated: Bool { softcap != nil && source.isInfinite }

  /// The derivative s·(1 − tanh²(s·x/c)) of v by x: s without a cap.
  func multiplyBySlope(_ number: inout HeadAndTail, precision: Int) {
    let factor = scale.map { BigFloat($0) } ?? BigFloat(1)
    if scale != nil { number.multiply(by: factor, precision: precision) }
    guard let softcap, !source.isZero else { return }
    guard source.isFinite else {
      number = .zero()
      return
    }
    if number.isRational, number.head.isZero, number.tail.lower.isZero { return }
    // 1 − tanh² q = 4t/(1 + t)², with t = e^(−2q).
    var magnitude = scaled
    if magnitude.isNegative { magnitude.negate() }
    var slope = Self.decay(of: magnitude, softcap, precision: precision)
    var divisor = slope.copy()
    divisor.add(BigFloat(1), precision: precision)
    slope.divide(by: divisor, precision: precision)
    slope.divide(by: divisor, precision: precision)
    slope.scale(byPowerOfTwo: 2)
    var product = number.enclosure(precision: precision)
    product.multiply(by: slope, precision: precision)
    number = HeadAndTail(head: BigFloat(0), tail: product)
  }
}
