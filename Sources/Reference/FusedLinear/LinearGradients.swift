internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Enclosures side by side: an array takes nothing that cannot be copied.
private final class Accumulator {
  var sum: Enclosure
  init(precision: Int) { sum = Enclosure.zero(precision: precision) }
}

/// The derivative of a row's loss by its hidden numbers, [A·Σ p_c·w_ck − Σ a_c·w_ck] / D.
///
/// With groups g of equal logits, n_g of them with the sum W_g of their weights, the first being that of the
/// greatest, and q = Σ a_c·w_ck,
///
///     [(A·W₀ − n₀·q) + A·Σ_g e^(x_g − m)·(n₀·W_g − n_g·W₀) / Σ e^(x − m)] / (n₀·D):
///
/// an exact head, and a tail that by Lindemann and Weierstrass is 0 only where all its coefficients are. So a
/// feature whose weights are equal has the derivative 0, and a confident row keeps its digits.
struct LinearHiddenGradient: ExactFunction {
  let input: LinearInput
  let row: Int
  let options: LossOptions

  var count: Int { input.width }
  var precisionLoss: Int { input.precisionLoss(row..<row + 1) }
  /// Terms of both signs may be so small that MPFR has no digits of them.
  var greatestPrecision: Int { Certification.precisionCap }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    if case .notANumber = input.limit(row, options) {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    let row = LinearRow(input, row: row)
    let coefficients = input.coefficients(self.row, options)
    let total = coefficients.total
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
    let denominator = BigFloat.exactProduct(multiple, BigFloat(coefficients.denominator))
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
      receive(
        feature,
        .real(HeadAndTail(head: head, tail: tail, denominator: denominator.copy())))
    }
  }
}

/// The derivatives of the sum of the rows' losses by all weights, Σ_r h_rk·(A·p_rc − a_rc)/D, with the index
/// c·width + k, or by all biases, where there is no h.
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
    input.precisionLoss(0..<input.rowCount) + Int.bitWidth
      - input.rowCount.leadingZeroBitCount
  }
  var ground: Ground { input.rowCount == 1 ? .lindemannWeierstrass : .unsettled }
  var greatestPrecision: Int { Certification.precisionCap }

  private final class Sum {
    var number = HeadAndTail.zero()

    func copy() -> HeadAndTail {
      HeadAndTail(
        head: number.head.copy(), tail: number.tail.copy(), denominator: number.denominator.copy())
    }
  }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    let width = isOfBias ? 1 : input.width
    let sums = indices.map { _ in Sum() }
    var hasNaN = false
    let byClass = Dictionary(grouping: indices.indices) { indices[$0] / width }
    for row in 0..<input.rowCount where !input.ignores(row, options) {
      if case .notANumber = input.limit(row, options) {
        hasNaN = true
        continue
      }
      add(row, to: byClass, sums, indices, precision: precision)
    }
    for (place, index) in indices.enumerated() {
      receive(index, hasNaN ? .limit(.notANumber) : .real(sums[place].copy()))
    }
  }

  private func add(
    _ row: Int, to byClass: [Int: [Int]], _ sums: [Sum], _ indices: [Int], precision: Int
  ) {
    let width = isOfBias ? 1 : input.width
    let linear = LinearRow(input, row: row)
    let coefficients = input.coefficients(row, options)
    var groupOf = [Int](repeating: -1, count: input.classCount)
    for (group, classes) in linear.groups.enumerated() {
      for index in classes { groupOf[index] = group }
    }
    let rest = linear.rest(precision: precision)
    let multiple = BigFloat(linear.maximumCount)
    var all = rest.copy()
    all.add(multiple, precision: precision)
    let maximum = linear.logits.value(linear.groups[0][0])
    for (index, places) in byClass {
      // p = 1/n₀ − R/(n₀(n₀ + R)) of a greatest logit, e^(x − m)/(n₀ + R) of another, over n₀.
      var head = BigFloat.exactProduct(coefficients.coefficient(index), multiple)
      head.negate()
      var tail = Enclosure(0)
      switch groupOf[index] {
      case ..<0: break
      case 0:
        head = .exactSum(head, coefficients.total)
        tail = rest.copy()
        tail.negate()
        tail.divide(by: all, precision: precision)
      default:
        tail = linear.exponential(groupOf[index], maximum: maximum, precision: precision)
        tail.multiply(by: multiple, precision: precision)
        tail.divide(by: all, precision: precision)
      }
      tail.multiply(by: coefficients.total, precision: precision)
      for place in places {
        var number = HeadAndTail(
          head: head.copy(), tail: tail.copy(),
          denominator: .exactProduct(multiple, BigFloat(coefficients.denominator)))
        if !isOfBias {
          let feature = BigFloat(
            FloatValue(input.hidden[row * width + indices[place] % width]))
          if feature.isZero { continue }
          number.multiply(by: feature, precision: precision)
        }
        sums[place].number.add(number, precision: precision)
      }
    }
  }
}

extension LinearInput {
  /// w_ck.
  fileprivate func exactWeight(_ index: Int, _ feature: Int) -> BigFloat {
    BigFloat(FloatValue(weight[index * width + feature]))
  }
}
