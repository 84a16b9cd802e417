internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// What a mean over rows divides by, exactly, added up once for all rows that are divided by it: see `Denominator`.
struct MeanDenominator {
  /// The numbers that are added up, and how often each is.
  let weights: [(weight: FloatValue, count: Int)]
  let total: Total

  init(_ weights: [(weight: FloatValue, count: Int)]) {
    self.weights = weights
    total = Total(weights)
  }

  init(_ rows: [LossInput], _ options: LossOptions) {
    let labels = rows.compactMap { row -> Int32? in
      if case .index(let label) = row.target { Int32(clamping: label) } else { nil }
    }
    self.init(
      options.denominator(
        labels: labels.count == rows.count ? labels : nil, rowCount: rows.count,
        valueCount: rows.reduce(0) { $0 + $1.logits.count }))
  }

  /// A number that is never written again, so that threads may share it.
  final class Total: @unchecked Sendable {
    let value: BigFloat

    init(_ weights: [(weight: FloatValue, count: Int)]) {
      var total = BigFloat(0)
      for (weight, count) in weights {
        total = .exactSum(total, .exactProduct(BigFloat(weight), BigFloat(count)))
      }
      value = total
    }
  }
}

extension MeanDenominator {
  /// What is divided by, as the fast tier has it.
  var ball: Ball {
    weights.reduce(Ball(0)) { $0 + Ball($1.weight.double) * Ball(Double($1.count)) }
  }
}

/// The sum or the mean of the losses of a batch's rows.
///
/// The heads are added exactly and the tails enclosed, so that a sum rounds as rightly as a row.
/// With positive weights it is rational only where every row is: otherwise e to its power would
/// expand to a sum of exponentials with positive coefficients and more than one term. That
/// argument does not cover z-loss or the focal loss of several rows.
struct BatchReduction: ExactScalar {
  /// The rows of each loss, and what their sum is divided by; nil for a plain sum. The quotients are added.
  let parts: [(rows: [any ExactFunction], mean: MeanDenominator?)]
  let ground: Ground

  init(rows: [any ExactFunction], mean: MeanDenominator?, hasZLoss: Bool) {
    self.init(parts: [(rows, mean)], hasZLoss: hasZLoss)
  }

  init(parts: [(rows: [any ExactFunction], mean: MeanDenominator?)], hasZLoss: Bool) {
    self.parts = parts
    let isSettled = parts.allSatisfy {
      $0.rows.allSatisfy { $0.ground == .lindemannWeierstrass }
    }
    let rowCount = parts.reduce(0) { $0 + $1.rows.count }
    ground = isSettled && !(hasZLoss && rowCount > 1) ? .lindemannWeierstrass : .unsettled
  }

  /// Tails of one sign add up without loss.
  var precisionLoss: Int { parts.flatMap(\.rows).map(\.precisionLoss).max() ?? 0 }

  func entry(precision: Int) -> ExactEntry {
    var total = HeadAndTail.zero()
    var limit: LimitValue?
    for (rows, mean) in parts {
      var sum = HeadAndTail.zero()
      for row in rows {
        row.enclose([0], precision: precision) { _, entry in
          switch consume entry {
          case .limit(let value): limit = limit == .notANumber ? limit : value
          case .real(let number): sum.add(number, precision: precision)
          }
        }
      }
      if let mean {
        // Every row ignored, or of weight 0: 0/0, and ∞/0 is no better.
        if mean.total.value.isZero { return .limit(.notANumber) }
        sum.divide(by: mean.total.value)
      }
      total.add(sum, precision: precision)
    }
    if let limit { return .limit(limit) }
    return .real(total)
  }
}

/// The derivatives of a batch's mean by one row's logits.
struct ScaledByMean: ScaledFunction {
  /// The row's own.
  let function: any ExactFunction
  let mean: MeanDenominator

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    let isZero = mean.total.value.isZero
    function.enclose(indices, precision: precision) { index, entry in
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

/// The derivatives by one row's logits of a mean whose parts have denominators of their own.
struct SummedMeans: ExactFunction {
  let parts: [ScaledByMean]

  var count: Int { parts.map(\.count).max() ?? 0 }
  var ground: Ground { .unsettled }
  /// Derivatives of the parts may cancel, which more precision mends.
  var precisionLoss: Int { parts.map(\.precisionLoss).max() ?? 0 }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    final class Sum {
      var number = HeadAndTail.zero()
      var limit: LimitValue?
    }
    let sums = Dictionary(uniqueKeysWithValues: indices.map { ($0, Sum()) })
    for part in parts {
      part.enclose(indices, precision: precision) { index, entry in
        guard let sum = sums[index] else { return }
        switch consume entry {
        case .limit(let value): sum.limit = sum.limit == .notANumber ? sum.limit : value
        case .real(let number): sum.number.add(number, precision: precision)
        }
      }
    }
    for index in indices {
      guard let sum = sums[index] else { continue }
      if let limit = sum.limit {
        receive(index, .limit(limit))
      } else {
        var number = HeadAndTail.zero()
        number.add(sum.number, precision: precision)
        receive(index, .real(number))
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
