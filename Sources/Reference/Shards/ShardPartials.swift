internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// What a shard x of the classes has to do with a loss: m = max x, Σ e^(xᵢ − m), and the target's logit.
///
/// The first and the last are numbers of the row. The sum is k + R with k greatest logits, see `LogitRow`: with other
/// finite logits R is a sum of exponentials of distinct rational numbers other than 0, which Lindemann and Weierstrass
/// make transcendental. Of a shard that is all masked the maximum is −∞, and the sum has no term.
struct ShardPartials: ExactFunction {
  private let row: LogitRow
  private let target: FloatValue

  init(_ input: LossInput) {
    row = LogitRow(input.logits, LossOptions())
    target =
      if case .index(let label) = input.target, input.logits.indices.contains(label) {
        input.logits[label]
      } else { .infinity(isNegative: true) }
  }

  var count: Int { 3 }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    for index in indices {
      switch index {
      case 0: receive(index, .number(greatest))
      case 1: receive(index, sum(precision: precision))
      default: receive(index, .number(target))
      }
    }
  }

  private var greatest: FloatValue {
    switch row.kind {
    case .notANumber: .nan
    case .infinite: .infinity
    case .empty: .infinity(isNegative: true)
    case .finite: row.logits[row.maximumIndex]
    }
  }

  private func sum(precision: Int) -> ExactEntry {
    switch row.kind {
    case .notANumber: return .limit(.notANumber)
    case .empty: return .real(.zero())
    // By its limit, as in the softmax: of several there is none.
    case .infinite(let count): return .number(count == 1 ? .one : .nan)
    case .finite:
      return .real(
        HeadAndTail(
          head: BigFloat(row.maximumCount), tail: row.sum(precision: precision).rest.copy()))
    }
  }
}

extension ExactEntry {
  /// A number that is known.
  static func number(_ value: FloatValue) -> ExactEntry {
    if value.isNaN { return .limit(.notANumber) }
    if value.isInfinite { return .limit(value.isNegative ? .negativeInfinity : .positiveInfinity) }
    return .real(HeadAndTail(head: BigFloat(value), tail: Enclosure(0)))
  }
}
