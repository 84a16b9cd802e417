internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Enclosures side by side: an array takes nothing that cannot be copied.
private final class Accumulator {
  var sum: Enclosure
  init(precision: Int) { sum = Enclosure.zero(precision: precision) }
}

/// The same of numbers with an exact head.
private final class Sum {
  var number = HeadAndTail.zero()

  func copy() -> HeadAndTail {
    HeadAndTail(
      head: number.head.copy(), tail: number.tail.copy(), denominator: number.denominator.copy())
  }
}

extension HeadAndTail {
  /// This number times an exact one.
  fileprivate borrowing func multiplied(
    by factor: borrowing BigFloat, precision: Int
  ) -> HeadAndTail {
    var result = HeadAndTail(
      head: head.copy(), tail: tail.copy(), denominator: denominator.copy())
    result.multiply(by: factor, precision: precision)
    return result
  }
}

/// The derivative of a row's loss by its hidden numbers, [A·Σ p_c·w_ck − Σ a_c·w_ck]·s / (D·T), without a soft
/// cap and a z-loss.
///
/// With groups g of equal logits, n_g of them with the sum W_g of their weights, the first being that of the
/// greatest, and q = Σ a_c·w_ck,
///
///     [(A·W₀ − n₀·q) + A·Σ_g e^(s(x_g − m)/T)·(n₀·W_g − n_g·W₀) / Σ e^(s(x − m)/T)]·s / (n₀·D·T):
///
/// an exact head, and a tail that by Lindemann and Weierstrass is 0 only where all its coefficients are. So a
/// feature whose weights are equal has the derivative 0, and a confident row keeps its digits.
struct LinearHiddenGradient: ExactFunction {
  let input: LinearInput
  let row: Int
  let options: LossOptions

  var count: Int { input.width }
  var precisionLoss: Int { input.precisionLoss(row..<row + 1, options) }
  /// Terms of both signs may be so small that MPFR has no digits of them.
  var greatestPrecision: Int { Certification.precisionCap }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    let row = LinearRow(input, row: row, options)
    let coefficients = input.coefficients(self.row, options)
    let total = coefficients.total
    guard row.maximumCount > 0 else {
      // All classes are masked.
      for index in indices {
        receive(index, total.isZero ? .real(.zero()) : .limit(.notANumber))
      }
      return
    }
    func sum(_ classes: [Int], _ feature: Int) -> BigFloat {
      var sum = BigFloat(0)
      for index in classes { sum = .exactSum(sum, input.exactWeight(index, feature)) }
      return sum
    }
    let multiple = BigFloat(row.maximumCount)
    let accumulators = indices.map { _ in Accumulator(precision: precision) }
    var all = row.rest(precision: precision) { group, exponential in
      let size = BigFloat(row.groups[group].count)
      for (place, feature) in indices.enumerated() {
        let coefficient = BigFloat.exactDifference(
          .exactProduct(multiple, sum(row.groups[group], feature)),
          .exactProduct(size, sum(row.groups[0], feature)))
        guard !coefficient.isZero else { continue }
        var term = exponential.copy()
        term.multiply(by: coefficient, precision: precision)
        accumulators[place].sum.add(term)
      }
    }
    all.add(multiple, precision: precision)
    let temperature = BigFloat(options.temperature ?? .one)
    let denominator = BigFloat.exactProduct(
      .exactProduct(multiple, BigFloat(coefficients.denominator)), temperature)
    for (place, feature) in indices.enumerated() {
      var head = BigFloat.exactProduct(total, sum(row.groups[0], feature))
      for index in coefficients.support {
        let coefficient = BigFloat.exactProduct(coefficients.coefficient(index), multiple)
        guard !coefficient.isZero else { continue }
        head = .exactDifference(
          head, .exactProduct(coefficient, input.exactWeight(index, feature)))
      }
      var tail = accumulators[place].sum.copy()
      tail.multiply(by: total, precision: precision)
      tail.divide(by: all, precision: precision)
      var number = HeadAndTail(head: head, tail: tail, denominator: denominator.copy())
      if let scale = options.scale { number.multiply(by: BigFloat(scale), precision: precision) }
      receive(feature, .real(number))
    }
  }
}

/// The same with a soft cap or a z-loss: Σ_c g_c·w_ck, of which no theorem says that it is no breakpoint.
///
/// Equal logits have one slope, which is applied to their sum: so it is 0 where all logits are equal and all
/// weights of the feature.
struct LinearCappedHiddenGradient: ExactFunction {
  let input: LinearInput
  let row: Int
  let options: LossOptions

  var count: Int { input.width }
  var ground: Ground { .unsettled }
  var precisionLoss: Int { input.precisionLoss(row..<row + 1, options) }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    var gradient = input.logitGradient(row, options)
    gradient.appliesSlope = false
    let masked = (0..<input.classCount).filter { input.isMasked($0) }
    let groups = ExactLogits(input, row: row).groups + (masked.isEmpty ? [] : [masked])
    let ends = Set(groups.compactMap(\.last))
    let sums = indices.map { _ in Sum() }
    var parts = indices.map { _ in Sum() }
    var limit: LimitValue?
    gradient.enclose(groups.flatMap(\.self), precision: precision) { index, entry in
      switch consume entry {
      case .limit(let value): limit = value
      case .real(let number):
        for (place, feature) in indices.enumerated() {
          let weight = input.exactWeight(index, feature)
          if weight.isZero { continue }
          parts[place].number.add(
            number.multiplied(by: weight, precision: precision), precision: precision)
        }
      }
      guard ends.contains(index) else { return }
      for place in indices.indices {
        var part = parts[place].copy()
        gradient.row[index].multiplyBySlope(&part, precision: precision)
        sums[place].number.add(part, precision: precision)
      }
      parts = indices.map { _ in Sum() }
    }
    for (place, index) in indices.enumerated() {
      receive(index, limit.map { .limit($0) } ?? .real(sums[place].copy()))
    }
  }
}

/// The derivatives of the sum of the rows' losses by all weights, Σ_r u_r·h_rk·g_rc with the derivatives g by the
/// logits and an upstream u, with the index c·width + k, or by all biases, where there is no h.
///
/// Of a single row Lindemann and Weierstrass decide. Of several no theorem that could be tested says that such a
/// sum of quotients of exponentials is no breakpoint, unless each of them is rational.
struct LinearWeightGradient: ExactFunction {
  let input: LinearInput
  let options: LossOptions
  /// Whether it is that by the biases.
  let isOfBias: Bool

  var count: Int { isOfBias ? input.classCount : input.classCount * input.width }
  var precisionLoss: Int {
    input.precisionLoss(0..<input.rowCount, options) + Int.bitWidth
      - input.rowCount.leadingZeroBitCount
  }
  var ground: Ground {
    input.rowCount == 1 && !options.hasZLoss ? LogitTransform(options).ground : .unsettled
  }
  var greatestPrecision: Int { Certification.precisionCap }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    let width = isOfBias ? 1 : input.width
    let sums = indices.map { _ in Sum() }
    var limit: LimitValue?
    let byClass = Dictionary(grouping: indices.indices) { indices[$0] / width }
    let classes = byClass.keys.sorted()
    for row in 0..<input.rowCount where !input.ignores(row, options) {
      let upstream = FloatValue(input.gradOutput?[row] ?? 1)
      // What is no number stays none.
      if upstream.isZero, input.limit(row, options) != .notANumber { continue }
      let gradient = input.logitGradient(row, options)
      gradient.enclose(classes, precision: precision) { index, entry in
        switch consume entry {
        case .limit(let value): limit = value
        case .real(let number):
          for place in byClass[index] ?? [] {
            let hidden = isOfBias ? 1 : input.hidden[row * width + indices[place] % width]
            let factor = BigFloat.exactProduct(BigFloat(upstream), BigFloat(FloatValue(hidden)))
            if factor.isZero { continue }
            sums[place].number.add(
              number.multiplied(by: factor, precision: precision), precision: precision)
          }
        }
      }
    }
    for (place, index) in indices.enumerated() {
      receive(index, limit.map { .limit($0) } ?? .real(sums[place].copy()))
    }
  }
}

extension LinearInput {
  /// w_ck.
  fileprivate func exactWeight(_ index: Int, _ feature: Int) -> BigFloat {
    BigFloat(FloatValue(weight[index * width + feature]))
  }
}
