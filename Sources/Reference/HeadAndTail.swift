internal import Multiprecision

/// An exact real number as (head + tail) / denominator: two dyadic rationals, exact, and an
/// enclosed tail.
///
/// The losses are all of this shape: max(z, 0) + log1p(e^−|z|), max x − xₜ + log Σ …, 1 − 1/(1 + e^z).
/// Where the tail is too small to reach the head's last bit no precision brings the two together,
/// yet the tail's sign decides a rounding. So the head is added at a precision that holds it, which
/// leaves it standing as an open end of the result (see `Enclosure`), and the tail's relative
/// accuracy is all that has to be computed.
///
/// With a `denominator` that is no power of two (label smoothing over K classes, a mean over rows),
/// head / denominator is a breakpoint only if it is dyadic, and then the division is exact at the
/// head's precision: the open end survives.
struct HeadAndTail: ~Copyable {
  var head: BigFloat
  var tail: Enclosure
  var denominator: BigFloat

  init(
    head: consuming BigFloat, tail: consuming Enclosure,
    denominator: consuming BigFloat = BigFloat(1)
  ) {
    self.head = head
    self.tail = tail
    self.denominator = denominator
  }

  /// The exact number 0.
  static func zero() -> HeadAndTail {
    HeadAndTail(head: BigFloat(0), tail: Enclosure(0))
  }

  /// Whether the value is known to be rational: nothing in it is enclosed but exact numbers.
  var isRational: Bool { tail.isPoint }

  /// The bits of the numerator and denominator of a rational value, as a fraction of integers.
  var rationalBitCount: Int {
    head.integerFractionBitCount + tail.lower.integerFractionBitCount
      + denominator.integerFractionBitCount
  }

  /// The value, where the tail was computed in `precision` bits.
  ///
  /// - Complexity: O(bits of the head + precision), apart from the tail.
  func enclosure(precision: Int) -> Enclosure {
    var result = tail.copy()
    let bitCount = precision + head.significantBitCount
    result.add(head, precision: bitCount)
    if denominator.isEqual(to: BigFloat(1)) { return result }
    result.divide(by: Enclosure(denominator), precision: bitCount)
    return result
  }
}

extension BigFloat {
  /// The bits of the numerator and of the denominator of a dyadic rational.
  fileprivate var integerFractionBitCount: Int {
    guard let leading = binaryExponent else { return 1 }
    let lowest = leading - significantBitCount + 1
    return significantBitCount + abs(lowest)
  }
}

extension HeadAndTail {
  /// Multiplies by the exact number `factor`.
  mutating func multiply(by factor: borrowing BigFloat, precision: Int) {
    head = .exactProduct(head, factor)
    tail.multiply(by: factor, precision: precision)
  }

  /// Divides by the exact positive number `divisor`.
  mutating func divide(by divisor: borrowing BigFloat) {
    denominator = .exactProduct(denominator, divisor)
  }

  /// Adds `other`, over the denominator that both have or over the product of the two.
  mutating func add(_ other: borrowing HeadAndTail, precision: Int) {
    var headTerm = other.head.copy()
    var tailTerm = other.tail.copy()
    if !denominator.isEqual(to: other.denominator) {
      headTerm = .exactProduct(headTerm, denominator)
      tailTerm.multiply(by: denominator, precision: precision)
      multiply(by: other.denominator, precision: precision)
      denominator = .exactProduct(denominator, other.denominator)
    }
    head = .exactSum(head, headTerm)
    tail = Enclosure.sum(tail, tailTerm, precision: precision)
  }
}

// Sums without a denominator: distances between logits, which are exact but for what stands before them.
extension HeadAndTail {
  borrowing func copy() -> HeadAndTail {
    HeadAndTail(head: head.copy(), tail: tail.copy(), denominator: denominator.copy())
  }

  /// a − b.
  static func difference(
    _ a: borrowing HeadAndTail, _ b: borrowing HeadAndTail, precision: Int
  ) -> HeadAndTail {
    var negated = b.tail.copy()
    negated.negate()
    return HeadAndTail(
      head: .exactDifference(a.head, b.head), tail: .sum(a.tail, negated, precision: precision))
  }

  mutating func negate() {
    head.negate()
    tail.negate()
  }

  /// Whether the value is known to be 0.
  var isZero: Bool { isRational && head.isZero && tail.lower.isZero }

  /// Whether the value is known to be below another.
  borrowing func isLess(than other: borrowing HeadAndTail, precision: Int) -> Bool {
    HeadAndTail.difference(self, other, precision: precision).enclosure(precision: precision)
      .signum == -1
  }
}

/// One exact output of a function.
enum ExactEntry: ~Copyable {
  /// An infinity, a NaN, or a number that a limit settles.
  case limit(LimitValue)
  /// A real number.
  case real(HeadAndTail)
}

/// The values that limits have: what is neither of these is a real number.
enum LimitValue {
  case notANumber
  case positiveInfinity
  case negativeInfinity
}
