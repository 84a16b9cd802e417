internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The entropy −Σ pⱼ·log pⱼ of p = softmax(x/T), x being what `LogitTransform` makes of the logits, with log1p(S) of
/// `LogitRow`:
///
///     log1p(S) + Σ pⱼ·(m − xⱼ) / T,
///
/// whose terms are all positive. A class at −∞ has none; of one logit at +∞ the limit is 0.
///
/// **Ground.** Where all finite logits are equal it is the logarithm of their number, transcendental by Lindemann's
/// theorem. Elsewhere it is a logarithm of a sum of exponentials and a quotient of such sums, of which no theorem says
/// that they do not add up to a rational number.
struct SoftmaxEntropy: ExactScalar {
  let row: LogitRow

  init(logits: [FloatValue], _ options: LossOptions) {
    row = LogitRow(limitOf: logits, options)
  }

  var ground: Ground { row.isUniform ? .lindemannWeierstrass : .unsettled }
  var precisionLoss: Int { row.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    guard row.kind == .finite else { return .limit(.notANumber) }
    let sum = row.sum(precision: precision)
    var distances = row.meanDistance(sum, precision: precision)
    distances.divide(by: Enclosure(BigFloat(row.temperature)), precision: precision)
    let logarithm = row.logOnePlusOthers(sum)
    return .real(
      HeadAndTail(
        head: BigFloat(0), tail: .sum(logarithm, distances, precision: precision)))
  }
}

/// The derivative of the entropy by each logit, −pᵢ·(log pᵢ + entropy)/T = −pᵢ·Σ pⱼ(xᵢ − xⱼ)/T²: the vector–Jacobian
/// product of the softmax for g = −x, over T once more. So the theorem of `SoftmaxGradient` holds, and as g
/// differs from one group of equal logits to the next, it is 0 only where all are equal.
///
/// Under a soft cap x is no rational number, and the value is summed up as it stands, as pᵢ·(dᵢ − Σ pⱼdⱼ)/T² of the
/// distances d = m − x.
struct EntropyGradient: ExactFunction {
  let row: LogitRow
  private let product: SoftmaxGradient

  init(logits: [FloatValue], _ options: LossOptions) {
    row = LogitRow(limitOf: logits, options)
    product =
      row.transform.keepsLogits
      ? SoftmaxGradient(
        row: row, gradOutput: row.logits.map { $0.isFinite ? $0.negated : .zero })
      : SoftmaxGradient(row: row, .negatedLogits(row))
  }

  var count: Int { product.count }
  var ground: Ground { product.ground }
  var precisionLoss: Int { product.precisionLoss }
  var greatestPrecision: Int { product.greatestPrecision }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard row.transform.softcap == nil else {
      return encloseCapped(indices, precision: precision, receive)
    }
    let temperature = BigFloat(row.temperature)
    product.enclose(indices, precision: precision) { index, entry in
      switch consume entry {
      case .limit(let limit): receive(index, .limit(limit))
      case .real(var number):
        number.divide(by: temperature)
        receive(index, .real(number))
      }
    }
  }
}

extension EntropyGradient {
  private func encloseCapped(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard row.kind == .finite else {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    let sum = row.sum(precision: precision)
    var mean = row.meanDistance(sum, precision: precision)
    mean.negate()
    let temperature = BigFloat(row.temperature)
    for index in indices {
      var slope = row.distance(index, precision: precision).enclosure(precision: precision)
      slope = .sum(slope, mean, precision: precision)
      slope.multiply(
        by: row.softmax(index, sum).enclosure(precision: precision), precision: precision)
      receive(
        index,
        .real(
          HeadAndTail(
            head: BigFloat(0), tail: slope, denominator: .exactProduct(temperature, temperature))))
    }
  }
}

extension LogitRow {
  /// The row of which the softmax is the limit of that of `logits`: where one of them is +∞, that class stands alone,
  /// unless a soft cap makes a number of it.
  init(limitOf logits: [FloatValue], _ options: LossOptions) {
    let places = logits.indices.filter { logits[$0] == .infinity }
    guard places.count == 1, options.softcap == nil, !logits.contains(where: \.isNaN) else {
      self.init(logits, options)
      return
    }
    let alone = logits.indices.map {
      $0 == places[0] ? .zero : FloatValue.infinity(isNegative: true)
    }
    self.init(alone, options)
  }

  /// Whether all finite logits are equal.
  var isUniform: Bool { logits.indices.allSatisfy { !isBelowGreatest($0) } }

  /// Whether a logit is finite, and not the greatest.
  func isBelowGreatest(_ index: Int) -> Bool {
    self[index].isFinite && !self[index].isNumericallyEqual(to: maximum)
  }

  /// Σ pⱼ·(m − xⱼ).
  fileprivate func meanDistance(_ sum: borrowing Sum, precision: Int) -> Enclosure {
    var result = Enclosure.zero(precision: precision)
    for index in logits.indices where isBelowGreatest(index) {
      var term = exponential(index, precision: precision)
      term.multiply(
        by: distance(index, precision: precision).enclosure(precision: precision),
        precision: precision)
      result.add(term)
    }
    result.divide(by: sum.total, precision: precision)
    return result
  }

  /// e^(−E/T).
  func decay(_ exponent: borrowing HeadAndTail, precision: Int) -> Enclosure {
    var result = exponent.enclosure(precision: precision)
    if temperature != .one {
      result.divide(by: Enclosure(BigFloat(temperature)), precision: precision)
    }
    result.negate()
    result.apply(.exponential, precision: precision)
    return result
  }
}
