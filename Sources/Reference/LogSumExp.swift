internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// log Σ e^(xⱼ/T) = (m + T·log1p(S))/T, rational only with one finite logit, where it is that logit.
struct LogSumExp: ExactScalar {
  let row: LogitRow

  init(logits: [FloatValue], _ options: LossOptions) {
    row = LogitRow(logits, options)
  }

  var ground: Ground { row.transform.ground }

  var precisionLoss: Int { row.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    switch row.kind {
    case .notANumber: return .limit(.notANumber)
    case .empty: return .limit(.negativeInfinity)
    case .infinite: return .limit(.positiveInfinity)
    case .finite: break
    }
    return .real(
      row.logSumExp(row.logOnePlusOthers(row.sum(precision: precision)), precision: precision))
  }
}

extension LogitRow {
  /// log Σ e^(xⱼ/T), for the tail log1p(S) that the row has been found to have.
  func logSumExp(_ logarithm: borrowing Enclosure, precision: Int) -> HeadAndTail {
    var result = maximum.parts(precision: precision)
    var tail = logarithm.copy()
    if temperature != .one { tail.multiply(by: BigFloat(temperature), precision: precision) }
    result.tail = maximum.isExact ? tail : .sum(result.tail, tail, precision: precision)
    result.denominator = BigFloat(temperature)
    return result
  }
}
