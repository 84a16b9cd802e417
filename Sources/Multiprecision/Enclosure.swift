/// Two bounds that a real number is known to lie between.
///
/// **Invariant.** Either the bounds are equal and the number is that point, or they differ and the
/// number lies *strictly* between them. Every operation here keeps it: a strictly monotone
/// function of an open interval is enclosed openly by outward rounding, and of a point either
/// exactly (a point again) or strictly between its two directed roundings.
///
/// Openness is what ends the cases in which raising the precision never would. The softplus of
/// 10³⁰⁰ is 10³⁰⁰ plus a tail of about 2^(−10³⁰⁰); its enclosure is (10³⁰⁰, the next number), and
/// since the value is not 10³⁰⁰ itself, rounding up is decided at once: the lower bound serves as
/// a head with a sticky bit, the tail's sign. All that is asked of the caller is to add an exact
/// head at a precision that holds it.
public struct Enclosure: ~Copyable {
  /// The lower bound.
  public private(set) var lower: BigFloat
  /// The upper bound.
  public private(set) var upper: BigFloat

  /// The number `lower` where both are equal, else a number known to lie strictly between them.
  package init(lower: consuming BigFloat, upper: consuming BigFloat) {
    self.lower = lower
    self.upper = upper
  }

  /// Whether the value is known exactly.
  public var isPoint: Bool { lower.isEqual(to: upper) }

  /// −1, 0 or 1 where the sign of the value is certain, else nil.
  ///
  /// An open interval that ends at zero has a certain sign.
  public var signum: Int? {
    if lower.signum > 0 || (lower.isZero && upper.signum > 0) { return 1 }
    if upper.signum < 0 || (upper.isZero && lower.signum < 0) { return -1 }
    return isPoint ? 0 : nil
  }

  /// A copy of both bounds.
  public borrowing func copy() -> Enclosure {
    Enclosure(lower: lower.copy(), upper: upper.copy())
  }
}

// MARK: - The ends, as approached from inside

/// Two numbers just inside of an enclosure's ends, or the point itself.
public struct InnerBounds: ~Copyable {
  /// Just above the lower end.
  public private(set) var lower: BigFloat
  /// Just below the upper end.
  public private(set) var upper: BigFloat

  /// The numbers next to the ends among those of one bit more than the ends have, and of at least
  /// `precision` bits: strictly inside, even of an interval between neighbours.
  ///
  /// Next to 0 stands MPFR's least positive number, which may be the interval's other end: it is
  /// below every breakpoint of every format all the same.
  init(_ enclosure: borrowing Enclosure, precision: Int) {
    let bitCount = max(precision, enclosure.lower.precision, enclosure.upper.precision) + 1
    lower = enclosure.lower.rounded(precision: bitCount, .down)
    upper = enclosure.upper.rounded(precision: bitCount, .up)
    guard !enclosure.isPoint else { return }
    lower.moveUp()
    if lower.isZero { lower.moveDown() }
    upper.moveDown()
    if upper.isZero { upper.moveUp() }
  }
}

extension Enclosure {
  /// The ends as approached from inside, in numbers of more than `precision` bits.
  public borrowing func innerBounds(precision: Int = 1) -> InnerBounds {
    InnerBounds(self, precision: precision)
  }
}

// MARK: - Making one

extension Enclosure {
  /// The point `value`.
  public init(_ value: borrowing BigFloat) {
    self.init(lower: value.copy(), upper: value.copy())
  }

  /// The integer `value`.
  public init(_ value: Int) {
    self.init(lower: BigFloat(value), upper: BigFloat(value))
  }

  /// The point 0, to which terms are added in `precision` bits.
  public static func zero(precision: Int) -> Enclosure {
    let zero = BigFloat(0).rounded(precision: precision, .towardZero)
    return Enclosure(zero)
  }

  /// a − b in `precision` bits.
  public static func difference(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat, precision: Int
  ) -> Enclosure {
    var lower = BigFloat(precision: precision)
    let inexactness = lower.assignDifference(a, b, rounding: .down)
    return Enclosure(lowerBound: lower, inexactness)
  }

  /// a / b in `precision` bits; b must not be zero.
  public static func quotient(
    _ a: borrowing BigFloat, _ b: borrowing BigFloat, precision: Int
  ) -> Enclosure {
    var lower = BigFloat(precision: precision)
    let inexactness = lower.assignQuotient(a, b, rounding: .down)
    return Enclosure(lowerBound: lower, inexactness)
  }

  /// The number that a decimal literal stands for, such as "-1.5e-7", in `precision` bits.
  ///
  /// - Returns: nil where the text is not such a literal, in whole.
  public static func decimal(_ text: String, precision: Int) -> Enclosure? {
    var lower = BigFloat(precision: precision)
    guard let inexactness = lower.assign(decimal: text, rounding: .down) else { return nil }
    return Enclosure(lowerBound: lower, inexactness)
  }

  /// The enclosure of a value that was rounded down once: one evaluation serves both bounds, as
  /// the value lies below the next number.
  init(lowerBound: consuming BigFloat, _ inexactness: Inexactness) {
    var upper = lowerBound.copy()
    if inexactness != .exact { upper.moveUp() }
    self.init(lower: lowerBound, upper: upper)
  }
}

// MARK: - Operations, in place and rounded outward to `precision` bits

extension Enclosure {
  /// Replaces the value by its negative, exactly.
  public mutating func negate() {
    lower.negate()
    upper.negate()
    swap(&lower, &upper)
  }

  /// Multiplies by 2^`exponent`, exactly.
  public mutating func scale(byPowerOfTwo exponent: Int) {
    lower.scale(byPowerOfTwo: exponent, rounding: .down)
    upper.scale(byPowerOfTwo: exponent, rounding: .up)
  }

  /// Replaces the value x by f(x).
  ///
  /// - Complexity: One evaluation of f for a point, two for an interval.
  public mutating func apply(_ function: IncreasingFunction, precision: Int) {
    let wasPoint = isPoint
    var newLower = BigFloat(precision: precision)
    let inexactness = newLower.assign(function, of: lower, rounding: .down)
    if wasPoint {
      self = Enclosure(lowerBound: newLower, inexactness)
    } else {
      var newUpper = BigFloat(precision: precision)
      newUpper.assign(function, of: upper, rounding: .up)
      self = Enclosure(lower: newLower, upper: newUpper)
    }
  }

  /// Adds `other`, keeping this value's precision.
  public mutating func add(_ other: borrowing Enclosure) {
    lower.add(other.lower, rounding: .down)
    upper.add(other.upper, rounding: .up)
  }

  /// a + b in `precision` bits.
  public static func sum(
    _ a: borrowing Enclosure, _ b: borrowing Enclosure, precision: Int
  ) -> Enclosure {
    var lower = BigFloat(precision: precision)
    var upper = BigFloat(precision: precision)
    lower.assignSum(a.lower, b.lower, rounding: .down)
    upper.assignSum(a.upper, b.upper, rounding: .up)
    return Enclosure(lower: lower, upper: upper)
  }

  /// Adds the exact number `other`.
  public mutating func add(_ other: borrowing BigFloat, precision: Int) {
    var newLower = BigFloat(precision: precision)
    var newUpper = BigFloat(precision: precision)
    newLower.assignSum(lower, other, rounding: .down)
    newUpper.assignSum(upper, other, rounding: .up)
    self = Enclosure(lower: newLower, upper: newUpper)
  }

  /// Multiplies by `other`.
  public mutating func multiply(by other: borrowing Enclosure, precision: Int) {
    // The least and the greatest value of a product of intervals stand at corners; which corners
    // follows from the signs. Where both have a sign, negate until both are non-negative.
    if upper.signum <= 0, lower.signum < 0 {
      negate()
      multiply(by: other, precision: precision)
      negate()
      return
    }
    var least = BigFloat(precision: precision)
    var greatest = BigFloat(precision: precision)
    if lower.signum >= 0 {
      if other.lower.signum < 0 {
        least.assignProduct(upper, other.lower, rounding: .down)
      } else {
        least.assignProduct(lower, other.lower, rounding: .down)
      }
      if other.upper.signum < 0 {
        greatest.assignProduct(lower, other.upper, rounding: .up)
      } else {
        greatest.assignProduct(upper, other.upper, rounding: .up)
      }
      self = Enclosure(lower: least, upper: greatest)
      return
    }
    var candidate = BigFloat(precision: precision)
    least.assignProduct(lower, other.upper, rounding: .down)
    candidate.assignProduct(upper, other.lower, rounding: .down)
    if candidate.isLess(than: least) { swap(&candidate, &least) }
    greatest.assignProduct(upper, other.upper, rounding: .up)
    candidate.assignProduct(lower, other.lower, rounding: .up)
    if greatest.isLess(than: candidate) { swap(&candidate, &greatest) }
    self = Enclosure(lower: least, upper: greatest)
  }

  /// Multiplies by the exact number `other`.
  public mutating func multiply(by other: borrowing BigFloat, precision: Int) {
    multiply(by: Enclosure(other), precision: precision)
  }

  /// Divides by `divisor`, which must be positive.
  public mutating func divide(by divisor: borrowing Enclosure, precision: Int) {
    var least = BigFloat(precision: precision)
    var greatest = BigFloat(precision: precision)
    if lower.signum < 0 {
      least.assignQuotient(lower, divisor.lower, rounding: .down)
    } else {
      least.assignQuotient(lower, divisor.upper, rounding: .down)
    }
    if upper.signum < 0 {
      greatest.assignQuotient(upper, divisor.upper, rounding: .up)
    } else {
      greatest.assignQuotient(upper, divisor.lower, rounding: .up)
    }
    self = Enclosure(lower: least, upper: greatest)
  }

  /// Raises a positive value to the power `exponent` ≥ 0: by multiplication for a small integer, which
  /// keeps a point a point where that has few bits, else as e^(exponent · log x).
  public mutating func raise(to exponent: borrowing BigFloat, precision: Int) {
    if let count = Int(exactly: exponent.double), (0...64).contains(count) {
      var power = Enclosure(1)
      for _ in 0..<count { power.multiply(by: self, precision: precision) }
      self = power
      return
    }
    apply(.logarithm, precision: precision)
    multiply(by: exponent, precision: precision)
    apply(.exponential, precision: precision)
  }
}
