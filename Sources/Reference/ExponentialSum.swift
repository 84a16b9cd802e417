internal import FloatFormats
internal import Multiprecision

/// Σ e^(x − m), term by term in memory that is used again: the loop in which rows of many classes
/// spend their time.
///
/// Where x − m is exact in the working precision, as it mostly is, one evaluation of e^x serves both
/// bounds of the sum: it is rounded down, and the value lies below the next number.
struct ExponentialSum: ~Copyable {
  private let maximum: BigFloat
  private var logit: BigFloat
  private var difference: BigFloat
  private var term: BigFloat
  private var lower: BigFloat
  private var upper: BigFloat

  /// An empty sum.
  init(maximum: borrowing BigFloat, precision: Int) {
    self.maximum = maximum.copy()
    logit = BigFloat(precision: max(precision, 64))
    difference = BigFloat(precision: max(precision, 64))
    term = BigFloat(precision: precision)
    lower = BigFloat(0).rounded(precision: precision, .towardZero)
    upper = lower.copy()
  }

  /// The sum.
  var enclosure: Enclosure { Enclosure(lower: lower.copy(), upper: upper.copy()) }

  /// Adds e^(x − m) for a finite x, where x − m is exact here.
  ///
  /// - Returns: Whether it was; where not, nothing has been added.
  mutating func add(_ x: FloatValue) -> Bool {
    guard let significand = UInt64(exactly: x.significand),
      case .exact = logit.assign(
        isNegative: x.isNegative, significand: significand, exponent: x.exponent,
        rounding: .towardZero),
      case .exact = difference.assignDifference(logit, maximum, rounding: .towardZero)
    else { return false }
    let inexactness = term.assign(.exponential, of: difference, rounding: .down)
    lower.add(term, rounding: .down)
    if inexactness != .exact { term.moveUp() }
    upper.add(term, rounding: .up)
    return true
  }

  /// Adds an enclosed term.
  mutating func add(_ enclosed: borrowing Enclosure) {
    lower.add(enclosed.lower, rounding: .down)
    upper.add(enclosed.upper, rounding: .up)
  }
}
