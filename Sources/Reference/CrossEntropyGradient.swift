internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The derivative of the cross-entropy by each logit: [A·pᵢ − aᵢ] / (D·T), and with z-loss
/// + 2c·log Σ e^(x/T)·pᵢ / T; all of it times the derivative of what stands before the loss.
///
/// Where pᵢ is near 1 it is written 1 − (1 − pᵢ), so that A·pᵢ − aᵢ has the exact head A − aᵢ, which
/// for the target of a confident row is 0. Rational only where all finite logits are equal, or
/// A = 0, as softmax is. No theorem covers the sum with z-loss, a product of e^x and log Σ e^x.
struct CrossEntropyGradient: ExactFunction {
  let row: LogitRow
  let coefficients: ClassCoefficients
  let zLoss: FloatValue?
  /// Whether the derivatives are by the logits as they were given, and not by those that the loss is of.
  var appliesSlope = true

  init(_ input: LossInput, _ options: LossOptions) {
    self.init(
      LogitRow(input.logits, options), coefficients: ClassCoefficients(input, options), options)
  }

  init(_ row: LogitRow, coefficients: ClassCoefficients, _ options: LossOptions) {
    (self.row, self.coefficients) = (row, coefficients)
    zLoss = options.zLoss.flatMap { $0.isZero ? nil : $0 }
  }

  var count: Int { row.logits.count }
  var precisionLoss: Int { row.precisionLoss }
  var ground: Ground { zLoss == nil ? row.transform.ground : .unsettled }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard row.kind != .notANumber, !coefficients.hasNaN else {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    let slope = Slope(coefficients, row, zLoss)
    guard row.kind == .finite else {
      for index in indices { receive(index, limit(index, slope, precision: precision)) }
      return
    }
    let sum = row.sum(precision: precision)
    let logarithm = row.logOnePlusOthers(sum)
    let offset =
      row.maximum.isExact
      ? slope.offset(logarithm, precision: precision)
      : slope.offset(
        row.logSumExp(logarithm, precision: precision).enclosure(precision: precision),
        precision: precision)
    for index in indices {
      let entry = row.softmax(index, sum)
      var product = difference(entry, index, slope, offset, sum.rest, precision: precision)
      if appliesSlope { row[index].multiplyBySlope(&product, precision: precision) }
      receive(index, .real(product))
    }
  }

  /// What multiplies the softmax, and the common denominator: without z-loss F = A over D·T, with it
  /// F = (T·A + 2c·D·m) + 2c·D·T·L over D·T², the first part exact. Where a soft cap leaves m inexact, it is
  /// F = A + 2c·D·log Σ e^(x/T) over D·T.
  private struct Slope: ~Copyable {
    let exact: BigFloat
    /// 2c·D·T, or 0; 2c·D for an inexact m.
    let squareFactor: BigFloat
    /// What multiplies aᵢ.
    let coefficientFactor: BigFloat
    let denominator: BigFloat

    init(_ coefficients: ClassCoefficients, _ row: LogitRow, _ zLoss: FloatValue?) {
      let count = BigFloat(coefficients.denominator)
      let temperature = BigFloat(row.temperature)
      let scaledCount = BigFloat.exactProduct(count, temperature)
      guard let zLoss else {
        exact = coefficients.total
        squareFactor = BigFloat(0)
        coefficientFactor = BigFloat(1)
        denominator = scaledCount
        return
      }
      var doubled = BigFloat(zLoss)
      doubled.scale(byPowerOfTwo: 1, rounding: .nearestEven)
      guard row.maximum.isExact else {
        exact = coefficients.total
        squareFactor = .exactProduct(doubled, count)
        coefficientFactor = BigFloat(1)
        denominator = scaledCount
        return
      }
      // Where the greatest logit is not finite only the sign of the z-loss matters.
      let maximum = row.maximum.isFinite ? row.maximum.exact : BigFloat(0)
      exact = .exactSum(
        .exactProduct(temperature, coefficients.total),
        .exactProduct(.exactProduct(doubled, count), maximum))
      squareFactor = .exactProduct(doubled, scaledCount)
      denominator = .exactProduct(scaledCount, temperature)
      coefficientFactor = temperature
    }

    /// 2c·D·T·L, or 2c·D·log Σ e^(x/T).
    func offset(_ logarithm: borrowing Enclosure, precision: Int) -> Enclosure {
      var result = logarithm.copy()
      result.multiply(by: squareFactor, precision: precision)
      return result
    }
  }

  /// [F·p − aᵢ] over the denominator, for the entry p = h/k + o of the softmax: the head h·F − k·aᵢ,
  /// as far as F is exact, and the tail k·o·F + h·(what is left of F), over another k.
  private func difference(
    _ entry: consuming SoftmaxEntry, _ index: Int, _ slope: borrowing Slope,
    _ offset: borrowing Enclosure, _ rest: borrowing Enclosure, precision: Int
  ) -> HeadAndTail {
    let divisor = BigFloat(entry.divisor)
    let headFactor = BigFloat(entry.head)
    let coefficient = BigFloat.exactProduct(
      coefficients.coefficient(index), slope.coefficientFactor)
    var factor = offset.copy()
    factor.add(slope.exact, precision: precision + slope.exact.significantBitCount)
    var tail: Enclosure
    if entry.head == 1, entry.divisor == 1, zLoss != nil, row.maximum.isExact,
      !rest.isPoint, rest.lower.isZero
    {
      // R has underflowed, and with it both parts of the tail, −R/(1 + R)·F + 2c·D·T·log1p(R): to
      // within a factor of 1 ± 2^−precision it is R·(2c·D·T − F).
      factor.negate()
      factor.add(slope.squareFactor, precision: precision)
      tail = rest.copy()
      tail.multiply(by: factor.widened(), precision: precision)
    } else {
      tail = entry.offset.copy()
      tail.multiply(by: factor, precision: precision)
      tail.multiply(by: divisor, precision: precision)
      if entry.head == 1 { tail = .sum(tail, offset, precision: precision) }
    }
    let head = BigFloat.exactDifference(
      .exactProduct(slope.exact, headFactor), .exactProduct(coefficient, divisor))
    return HeadAndTail(
      head: head, tail: tail, denominator: .exactProduct(slope.denominator, divisor))
  }

  /// The entry of a row whose greatest logit is infinite.
  private func limit(_ index: Int, _ slope: borrowing Slope, precision: Int) -> ExactEntry {
    if zLoss == nil, slope.exact.isZero { return .real(.zero()) }
    guard let entry = row.softmaxLimit(index) else { return .limit(.notANumber) }
    // lim x·e^(−x) = 0 beside a growing logit, but the derivative of its own square grows with it.
    if zLoss != nil, row.logits[index] == .infinity { return .limit(.positiveInfinity) }
    var number = difference(
      entry, index, slope, Enclosure(0), Enclosure(0), precision: precision)
    if appliesSlope { row[index].multiplyBySlope(&number, precision: precision) }
    return .real(number)
  }
}

extension Enclosure {
  /// The enclosure widened by an ulp at either end, for a factor of 1 ± 2^−precision.
  fileprivate consuming func widened() -> Enclosure {
    var low = lower.copy()
    var high = upper.copy()
    low.moveDown()
    high.moveUp()
    return Enclosure(lower: low, upper: high)
  }
}
