internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// softmaxᵢ = e^(xᵢ/T) / Σ e^(xⱼ/T), rational only where all finite logits are equal: 1/n.
struct Softmax: ExactFunction {
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
    row.forEachSoftmax(indices, precision: precision) { index, entry in
      receive(index, ExactEntry(softmax: entry))
    }
  }
}

extension LogitRow {
  /// Calls `receive` with entries of the softmax, nil where there is no limit.
  func forEachSoftmax(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming SoftmaxEntry?) -> Void
  ) {
    guard kind == .finite else {
      for index in indices { receive(index, softmaxLimit(index)) }
      return
    }
    let sum = sum(precision: precision)
    for index in indices { receive(index, softmax(index, sum)) }
  }
}

extension ExactEntry {
  fileprivate init(softmax entry: consuming SoftmaxEntry?) {
    switch consume entry {
    case .none: self = .limit(.notANumber)
    case .some(let entry):
      var tail = entry.offset.copy()
      let divisor = BigFloat(entry.divisor)
      tail.multiply(by: divisor, precision: tail.lower.precision)
      self = .real(HeadAndTail(head: BigFloat(entry.head), tail: tail, denominator: divisor))
    }
  }
}
