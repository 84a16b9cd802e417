internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The derivative of the cross-entropy by each logit: [A·pᵢ − aᵢ] / (D·T), and with z-loss
/// + 2c·log Σ e^(x/T)·pᵢ / T.
///
/// Where pᵢ is near 1 it is written 1 − (1 − pᵢ), so that A·pᵢ − aᵢ has the exact head A − aᵢ, which
/// for the target of a confident row is 0. Rational only where all finite logits are equal, or
/// A = 0, as softmax is. No theorem covers the sum with z-loss, a product of e^x and log Σ e^x.
struct CrossEntropyGradient: ExactFunction {
  let row: LogitRow
  let coefficients: ClassCoefficients
  let zLoss: FloatValue?

  init(_ input: LossInput, _ options: LossOptions) {
    row = LogitRow(input.logits, temperature: options.temperature)
    coefficients = ClassCoefficients(input, options)
    zLoss = options.zLoss.flatMap { $0.isZero ? nil : $0 }
  }

  var count: Int { row.logits.count }
  var precisionLoss: Int { row.precisionLoss }
  var ground: Ground { zLoss == nil ? .lindemannWeierstrass : .luckyEnclosure }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard row.kind != .notANumber, !coefficients.hasNaN else {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    let total = coefficients.total
    guard row.kind == .finite else {
      for index in indices { receive(index, limit(index, total: total, precision: precision)) }
      return
    }
    let sum = row.sum(precision: precision)
    let logarithm = row.logOnePlusOthers(sum)
    for index in indices {
      var result = difference(row.softmax(index, sum), index, total: total, precision: precision)
      if let zLoss {
        let term = squareDerivative(
          row.softmax(index, sum), times: zLoss, logarithm, precision: precision)
        result.add(term, precision: precision)
      }
      receive(index, .real(result))
    }
  }

  /// [A·p − aᵢ] / (D·T) for the entry p of the softmax.
  private func difference(
    _ entry: consuming SoftmaxEntry, _ index: Int, total: borrowing BigFloat, precision: Int
  ) -> HeadAndTail {
    let coefficient = coefficients.coefficient(index)
    var denominator = BigFloat.exactProduct(
      BigFloat(coefficients.denominator), BigFloat(row.temperature))
    switch consume entry {
    case .share(let count):
      let share = BigFloat.exactProduct(coefficient, BigFloat(count))
      denominator = .exactProduct(denominator, BigFloat(count))
      return HeadAndTail(
        head: .exactDifference(total, share), tail: Enclosure(0), denominator: denominator)
    case .near(let head, var tail):
      tail.multiply(by: total, precision: precision)
      let scaled = BigFloat.exactProduct(total, BigFloat(head))
      return HeadAndTail(
        head: .exactDifference(scaled, coefficient), tail: tail, denominator: denominator)
    }
  }

  /// 2c·(m + T·L)·p / T² for the entry p of the softmax.
  private func squareDerivative(
    _ entry: consuming SoftmaxEntry, times factor: FloatValue, _ logarithm: borrowing Enclosure,
    precision: Int
  ) -> HeadAndTail {
    let temperature = BigFloat(row.temperature)
    var doubled = BigFloat(factor)
    doubled.scale(byPowerOfTwo: 1, rounding: .nearestEven)
    let exact = BigFloat.exactProduct(doubled, BigFloat(row.maximum))
    var scaled = logarithm.copy()
    scaled.multiply(by: temperature, precision: precision)
    scaled.multiply(by: doubled, precision: precision)
    let denominator = BigFloat.exactProduct(temperature, temperature)
    switch consume entry {
    case .share(let count):
      return HeadAndTail(
        head: exact, tail: scaled, denominator: .exactProduct(denominator, BigFloat(count)))
    case .near(let head, var tail):
      // (head + tail)·(exact + scaled), with the product of the exact parts kept apart.
      var factor = scaled.copy()
      factor.add(exact, precision: precision + exact.significantBitCount)
      tail.multiply(by: factor, precision: precision)
      let headFactor = BigFloat(head)
      scaled.multiply(by: headFactor, precision: precision)
      return HeadAndTail(
        head: .exactProduct(exact, headFactor),
        tail: .sum(tail, scaled, precision: precision), denominator: denominator)
    }
  }

  /// The entry of a row whose greatest logit is infinite.
  private func limit(_ index: Int, total: borrowing BigFloat, precision: Int) -> ExactEntry {
    if total.isZero, zLoss == nil { return .real(.zero()) }
    guard let entry = row.softmaxLimit(index) else { return .limit(.notANumber) }
    // lim x·e^(−x) = 0 beside a growing logit, but the derivative of its own square grows with it.
    if zLoss != nil, row.logits[index] == .infinity { return .limit(.positiveInfinity) }
    return .real(difference(entry, index, total: total, precision: precision))
  }
}
