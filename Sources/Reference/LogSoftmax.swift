internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// xᵢ/T − log Σ e^(xⱼ/T) = −((m − xᵢ)/T + log1p(S)): the negative cross-entropy of each class.
struct LogSoftmax: ExactFunction {
  let row: LogitRow

  init(logits: [FloatValue], _ options: LossOptions) {
    row = LogitRow(logits, options)
  }

  var count: Int { row.logits.count }
  var ground: Ground { row.transform.ground }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard row.kind == .finite else {
      for index in indices { receive(index, limit(index)) }
      return
    }
    let temperature = BigFloat(row.temperature)
    var tail = row.logOnePlusOthers(row.sum(precision: precision))
    tail.multiply(by: temperature, precision: precision)
    for index in indices {
      guard row[index].isFinite else {
        receive(index, .limit(.negativeInfinity))
        continue
      }
      var loss = row.distance(index, precision: precision)
      loss.tail = loss.isRational ? tail.copy() : .sum(loss.tail, tail, precision: precision)
      loss.head.negate()
      loss.tail.negate()
      loss.denominator = temperature.copy()
      receive(index, .real(loss))
    }
  }

  private func limit(_ index: Int) -> ExactEntry {
    guard case .infinite(let count) = row.kind else { return .limit(.notANumber) }
    guard row.isPositiveInfinity(index) else { return .limit(.negativeInfinity) }
    return count == 1 ? .real(.zero()) : .limit(.notANumber)
  }
}
