internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// What a mean over rows divides by, in the frameworks' way: for class indices the sum of the class
/// weights of the rows that are not ignored, otherwise the number of rows.
struct MeanDenominator {
  /// The weight of each row that counts.
  let weights: [FloatValue]
  /// Σ w, exactly, added up once for all rows that are divided by it.
  let total: Total

  init(_ rows: [LossInput], _ options: LossOptions) {
    self.init(
      weights: rows.compactMap { row in
        guard case .index(let label) = row.target else { return .one }
        guard label != options.ignoreIndex else { return nil }
        return options.classWeights?[label] ?? .one
      })
  }

  init(weights: [FloatValue]) {
    self.weights = weights
    total = Total(weights)
  }

  /// A number that is never written again, so that threads may share it.
  final class Total: @unchecked Sendable {
    let value: BigFloat

    init(_ weights: [FloatValue]) {
      var total = BigFloat(0)
      for weight in weights { total = .exactSum(total, BigFloat(weight)) }
      value = total
    }
  }
}

/// The sum or the mean of the losses of a batch's rows.
///
/// The heads are added exactly and the tails enclosed, so that a sum rounds as rightly as a row.
/// With positive weights it is rational only where every row is: otherwise e to its power would
/// expand to a sum of exponentials with positive coefficients and more than one term. That
/// argument does not cover z-loss or the focal loss of several rows.
struct BatchReduction: ExactScalar {
  let rows: [any ExactFunction]
  /// What the sum is divided by; nil for a plain sum.
  let mean: MeanDenominator?
  let ground: Ground

  init(rows: [any ExactFunction], mean: MeanDenominator?, hasZLoss: Bool) {
    self.rows = rows
    self.mean = mean
    let isSettled = rows.allSatisfy { $0.ground == .lindemannWeierstrass }
    ground = isSettled && !(hasZLoss && rows.count > 1) ? .lindemannWeierstrass : .unsettled
  }

  /// Tails of one sign add up without loss.
  var precisionLoss: Int { rows.map(\.precisionLoss).max() ?? 0 }

  func entry(precision: Int) -> ExactEntry {
    var total = HeadAndTail.zero()
    var limit: LimitValue?
    for row in rows {
      row.enclose([0], precision: precision) { _, entry in
        switch consume entry {
        case .limit(let value): limit = limit == .notANumber ? limit : value
        case .real(let number): total.add(number, precision: precision)
        }
      }
    }
    if let mean {
      // Every row ignored, or of weight 0: 0/0, and ∞/0 is no better.
      if mean.total.value.isZero { return .limit(.notANumber) }
      total.divide(by: mean.total.value)
    }
    if let limit { return .limit(limit) }
    return .real(total)
  }
}

/// The derivatives of a batch's mean by one row's logits.
struct ScaledByMean: ExactFunction {
  let row: any ExactFunction
  let mean: MeanDenominator

  var count: Int { row.count }
  var ground: Ground { row.ground }
  var greatestPrecision: Int { row.greatestPrecision }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    let isZero = mean.total.value.isZero
    row.enclose(indices, precision: precision) { index, entry in
      switch consume entry {
      case .limit(let limit): receive(index, .limit(isZero ? .notANumber : limit))
      case .real(var number):
        if isZero {
          receive(index, .limit(.notANumber))
        } else {
          number.divide(by: mean.total.value)
          receive(index, .real(number))
        }
      }
    }
  }
}

/// A row whose label is the ignored one: zeros, whatever its logits.
struct IgnoredRow: ExactFunction {
  let count: Int
  var precisionLoss: Int { 0 }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    for index in indices { receive(index, .real(.zero())) }
  }
}
