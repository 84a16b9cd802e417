internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The focal loss of a class index t, α·w_t·q^γ·ℓ with p = softmax(x/T), q = 1 − p_t, ℓ = −log p_t,
/// and its derivatives
///
///     i = t:  −α·w_t·q^γ·[γ·p_t·ℓ + q] / T,      i ≠ t:  α·w_t·pᵢ·q^(γ−1)·[γ·p_t·ℓ + q] / T,
///
/// in which all terms have one sign. With γ = 0 it is the plain loss, scaled, and left to
/// `CrossEntropy`; otherwise no theorem rules out a rational value; what lies about one, where a single logit leaves
/// hardly anything to the others, has a head and a tail: see `FocalSaturation`.
struct FocalCrossEntropy: ExactFunction {
  let row: LogitRow
  let label: Int
  let gamma: FloatValue
  /// α and w_t.
  let factors: [FloatValue]
  let isGradient: Bool

  init(
    _ input: LossInput, label: Int, gamma: FloatValue, _ options: LossOptions, isGradient: Bool
  ) {
    row = LogitRow(input.logits, options)
    self.label = label
    self.gamma = gamma
    factors = [options.focalAlpha, options.classWeights?[label]].compactMap { $0 }
    self.isGradient = isGradient
  }

  var count: Int { isGradient ? row.logits.count : 1 }
  var ground: Ground { .unsettled }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    var factor = BigFloat(1)
    for value in factors { factor = .exactProduct(factor, BigFloat(value)) }
    let isCertain =
      row.kind == .finite && row.logits.indices.count { row[$0].isFinite } == 1
      && row[label].isFinite
    for index in indices {
      if row.kind == .notANumber {
        receive(index, .limit(.notANumber))
      } else if factor.isZero || isCertain {
        receive(index, .real(.zero()))
      } else if row.kind != .finite || !row[label].isFinite {
        receive(index, limit(index, factor: factor, precision: precision))
      }
    }
    guard row.kind == .finite, row[label].isFinite, !factor.isZero, !isCertain else {
      return
    }
    let parts = Parts(row, label: label, gamma: gamma, precision: precision)
    let saturation = FocalSaturation(row, label: label, gamma: gamma, precision: precision)
    for index in indices {
      var number: HeadAndTail
      if let split = isGradient ? saturation?.derivative(index) : saturation?.loss {
        number = split
      } else {
        var result = isGradient ? gradient(index, parts) : parts.power.copy()
        if !isGradient { result.multiply(by: parts.loss, precision: precision) }
        number = HeadAndTail(head: BigFloat(0), tail: result)
      }
      number.multiply(by: factor, precision: precision)
      receive(index, .real(sloped(number, index, precision: precision)))
    }
  }

  /// A derivative by a transformed logit as one by the logit itself; a loss as it is.
  private func sloped(
    _ number: consuming HeadAndTail, _ index: Int, precision: Int
  ) -> HeadAndTail {
    var number = number
    if isGradient { row[index].multiplyBySlope(&number, precision: precision) }
    return number
  }

  private func gradient(_ index: Int, _ parts: borrowing Parts) -> Enclosure {
    let precision = parts.sum.precision
    var result = parts.bracket.copy()
    if index == label {
      result.multiply(by: parts.power, precision: precision)
      result.negate()
    } else {
      if parts.complement.lower.isZero {
        // q has underflowed, and so may pᵢ. pᵢ/q lies between 0 and 1, and q^γ leaves nothing of it to tell.
        result.multiply(by: parts.power, precision: precision)
        result.multiply(by: Enclosure(lower: BigFloat(0), upper: BigFloat(2)), precision: precision)
      } else {
        let probability = row.softmax(index, parts.sum).enclosure(precision: precision)
        result.multiply(by: probability, precision: precision)
        let power = parts.complement.reducedPower(BigFloat(gamma), precision: precision)
        result.multiply(by: power, precision: precision)
      }
    }
    if row.temperature != .one {
      result.divide(by: Enclosure(BigFloat(row.temperature)), precision: precision)
    }
    return result
  }

  /// The target, or a competitor of it, is infinite: q is 1 or 0, and both γ·p_t·ℓ and the power
  /// have limits.
  private func limit(_ index: Int, factor: borrowing BigFloat, precision: Int) -> ExactEntry {
    if row.kind == .empty { return .limit(.notANumber) }
    let isTargetGreatest = row.logits[label] == .infinity
    if isTargetGreatest, case .infinite(let count) = row.kind {
      guard count > 1 else { return .real(.zero()) }
      return isGradient && row.logits[index] != .infinity
        ? .real(.zero()) : .limit(.notANumber)
    }
    guard isGradient else { return .limit(.positiveInfinity) }
    // p_t = 0 and q = 1: the plain gradient pᵢ − [i = t], scaled.
    let entry: SoftmaxEntry?
    if row.kind == .finite {
      entry = row.softmax(index, row.sum(precision: precision))
    } else {
      entry = row.softmaxLimit(index)
    }
    guard let entry = consume entry else { return .limit(.notANumber) }
    var result = entry.enclosure(precision: precision)
    if index == label { result = Enclosure(-1) }
    result.multiply(by: factor, precision: precision)
    if row.temperature != .one {
      result.divide(by: Enclosure(BigFloat(row.temperature)), precision: precision)
    }
    let number = HeadAndTail(head: BigFloat(0), tail: result)
    return .real(sloped(number, index, precision: precision))
  }

  /// What the loss and all derivatives of a row have in common.
  private struct Parts: ~Copyable {
    let sum: LogitRow.Sum
    /// q.
    let complement: Enclosure
    /// ℓ.
    let loss: Enclosure
    /// q^γ.
    let power: Enclosure
    /// γ·p_t·ℓ + q.
    let bracket: Enclosure

    init(_ row: LogitRow, label: Int, gamma: FloatValue, precision: Int) {
      let sum = row.sum(precision: precision)
      let gamma = BigFloat(gamma)
      let complement = row.softmax(label, sum).complement(precision: precision)
      let probability = row.softmax(label, sum).enclosure(precision: precision)

      var tail = row.logOnePlusOthers(sum)
      let temperature = BigFloat(row.temperature)
      tail.multiply(by: temperature, precision: precision)
      var total = row.distance(label, precision: precision)
      total.tail = total.isRational ? tail.copy() : .sum(total.tail, tail, precision: precision)
      total.denominator = temperature.copy()
      let loss = total.enclosure(precision: precision)

      var power = complement.copy()
      power.raise(to: gamma, precision: precision)
      var bracket = probability.copy()
      bracket.multiply(by: loss, precision: precision)
      bracket.multiply(by: gamma, precision: precision)
      bracket = .sum(bracket, complement, precision: precision)
      self.sum = sum
      self.complement = complement
      self.loss = loss
      self.power = power
      self.bracket = bracket
    }
  }
}
