internal import FloatFormats
internal import Multiprecision

/// log Σ e^(xⱼ) = m + log1p(S), rational only with one finite logit, where it is that logit.
struct LogSumExp: ExactScalar {
  let row: LogitRow

  init(logits: [FloatValue]) {
    row = LogitRow(logits, temperature: nil)
  }

  var precisionLoss: Int { row.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    switch row.kind {
    case .notANumber: return .limit(.notANumber)
    case .empty: return .limit(.negativeInfinity)
    case .infinite: return .limit(.positiveInfinity)
    case .finite: break
    }
    let tail = row.logOnePlusOthers(row.sum(precision: precision))
    return .real(HeadAndTail(head: BigFloat(row.maximum), tail: tail))
  }
}
