internal import FloatFormats
internal import Multiprecision

/// xᵢ/T − log Σ e^(xⱼ/T) = −((m − xᵢ)/T + log1p(S)): the negative cross-entropy of each class.
struct LogSoftmax: ExactFunction {
  let row: LogitRow

  init(logits: [FloatValue], temperature: FloatValue?) {
    row = LogitRow(logits, temperature: temperature)
  }

  var count: Int { row.logits.count }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard row.kind == .finite else {
      for index in indices { receive(index, limit(index)) }
      return
    }
    let maximum = BigFloat(row.maximum)
    let temperature = BigFloat(row.temperature)
    var tail = row.logOnePlusOthers(row.sum(precision: precision))
    tail.multiply(by: temperature, precision: precision)
    tail.negate()
    for index in indices {
      guard row.logits[index].isFinite else {
        receive(index, .limit(.negativeInfinity))
        continue
      }
      let head = BigFloat.exactDifference(BigFloat(row.logits[index]), maximum)
      receive(
        index,
        .real(HeadAndTail(head: head, tail: tail.copy(), denominator: temperature.copy())))
    }
  }

  private func limit(_ index: Int) -> ExactEntry {
    guard case .infinite(let count) = row.kind else { return .limit(.notANumber) }
    let isInfinite = row.logits[index].isInfinite && !row.logits[index].isNegative
    guard isInfinite else { return .limit(.negativeInfinity) }
    return count == 1 ? .real(.zero()) : .limit(.notANumber)
  }
}
