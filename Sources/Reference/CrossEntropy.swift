internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The cross-entropy of a row x and a class index or probabilities, with the coefficients a_c and
/// the temperature T, and with z-loss c·(log Σ e^(x/T))²:
///
///     [Σ a_c (m − x_c) + T·A·log1p(S)] / (D·T)  +  c·[(m + T·log1p(S)) / T]².
///
/// The first sum is exact and has terms of one sign. Where the target is the one greatest logit it
/// is 0 and the loss is log1p(S), to full relative accuracy: logsumexp(x) − xₜ would cancel.
/// Rational only with one finite class, or A = 0; the z-loss leaves that so, since a rational value
/// would make log Σ e^x a root of a quadratic equation over ℚ, hence algebraic.
struct CrossEntropy: ExactScalar {
  let row: LogitRow
  let coefficients: ClassCoefficients
  let zLoss: FloatValue?

  init(_ input: LossInput, _ options: LossOptions) {
    self.init(
      LogitRow(input.logits, options), coefficients: ClassCoefficients(input, options), options)
  }

  init(_ row: LogitRow, coefficients: ClassCoefficients, _ options: LossOptions) {
    (self.row, self.coefficients) = (row, coefficients)
    zLoss = options.zLoss.flatMap { $0.isZero ? nil : $0 }
  }

  var ground: Ground { row.transform.ground }
  var precisionLoss: Int { row.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    if let limit = limit() { return limit }
    let temperature = BigFloat(row.temperature)
    let count = BigFloat(coefficients.denominator)
    var distances = HeadAndTail.zero()
    for index in coefficients.support where row[index].isFinite {
      let coefficient = coefficients.coefficient(index)
      var distance = row.distance(index, precision: precision)
      if distance.isRational, coefficient.isZero { continue }
      distance.multiply(by: coefficient, precision: precision)
      distances.add(distance, precision: precision)
    }
    let logarithm = row.logOnePlusOthers(row.sum(precision: precision))
    guard let zLoss, row.maximum.isExact, distances.isRational else {
      var tail = logarithm.copy()
      tail.multiply(by: .exactProduct(coefficients.total, temperature), precision: precision)
      distances.tail = .sum(distances.tail, tail, precision: precision)
      distances.denominator = .exactProduct(count, temperature)
      guard let zLoss else { return .real(distances) }
      // Under a soft cap no part of the square is exact.
      var square = row.logSumExp(logarithm, precision: precision).enclosure(precision: precision)
      square.multiply(by: square.copy(), precision: precision)
      square.multiply(by: BigFloat(zLoss), precision: precision)
      let loss = distances.enclosure(precision: precision)
      return .real(
        HeadAndTail(head: BigFloat(0), tail: .sum(loss, square, precision: precision)))
    }
    var head = distances.head.copy()
    let maximum = row.maximum.exact
    // Over the denominator D·T², with L = log1p(S):
    //     [T·Σ a_c (m − x_c) + c·D·m²]  +  T·L·[(T·A + 2c·D·m) + c·D·T·L].
    // The bracket is formed before it is multiplied, so that the tail keeps its sign where L has
    // underflowed.
    let factor = BigFloat.exactProduct(BigFloat(zLoss), count)
    let scaled = BigFloat.exactProduct(factor, maximum)
    head = .exactSum(
      .exactProduct(temperature, head), .exactProduct(scaled, maximum))
    let exact = BigFloat.exactSum(
      .exactProduct(temperature, coefficients.total), .exactSum(scaled, scaled))
    var tail = logarithm.copy()
    tail.multiply(by: .exactProduct(factor, temperature), precision: precision)
    tail.add(exact, precision: precision + exact.significantBitCount)
    tail.multiply(by: logarithm, precision: precision)
    tail.multiply(by: temperature, precision: precision)
    let square = BigFloat.exactProduct(temperature, temperature)
    return .real(
      HeadAndTail(head: head, tail: tail, denominator: .exactProduct(count, square)))
  }

  /// The value where a logit that counts is not finite: the limit of each −log p_c, added up with
  /// 0·∞ = 0 for coefficients of 0.
  private func limit() -> ExactEntry? {
    if row.kind == .notANumber || coefficients.hasNaN { return .limit(.notANumber) }
    var isInfinite = zLoss != nil && row.kind != .finite
    for index in coefficients.support where !coefficients.coefficient(index).isZero {
      switch row.kind {
      case .finite: if !row[index].isFinite { isInfinite = true }
      case .notANumber, .empty: return .limit(.notANumber)
      case .infinite(let count):
        if row.logits[index] != .infinity {
          isInfinite = true
        } else if count > 1 {
          return .limit(.notANumber)
        }
      }
    }
    if isInfinite { return .limit(.positiveInfinity) }
    return row.kind == .finite ? nil : .real(.zero())
  }
}
