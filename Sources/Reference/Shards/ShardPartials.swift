internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// What a shard x of the classes has to do with a loss: m = max x, Σ e^(xᵢ − m), and the target's logit, x being what
/// `LogitTransform` makes of the logits, over the temperature. So what is merged is the loss with these options.
///
/// The first and the last are rational, and under a soft cap the tanh of a rational number other than 0, which is
/// transcendental, times a rational number. The sum is k + R with k greatest logits, see `LogitRow`: with other
/// finite logits R is a sum of exponentials of distinct rational numbers other than 0, which Lindemann and Weierstrass
/// make transcendental, unless there is a cap. Of a shard that is all masked the maximum is −∞, and the sum has no term.
struct ShardPartials: ExactFunction {
  private let row: LogitRow
  /// The target's index; nil where that is in another shard.
  private let target: Int?

  init(_ input: LossInput, _ options: LossOptions) {
    row = LogitRow(input.logits, options)
    target =
      if case .index(let label) = input.target, input.logits.indices.contains(label) {
        label
      } else { nil }
  }

  var count: Int { 3 }
  var ground: Ground { row.transform.ground }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    for index in indices {
      switch index {
      case 0: receive(index, greatest(precision: precision))
      case 1: receive(index, sum(precision: precision))
      default:
        receive(index, target.map { logit($0, precision: precision) } ?? .limit(.negativeInfinity))
      }
    }
  }

  private func greatest(precision: Int) -> ExactEntry {
    switch row.kind {
    case .notANumber: .limit(.notANumber)
    case .infinite: .limit(.positiveInfinity)
    case .empty: .limit(.negativeInfinity)
    case .finite: logit(row.maximumIndex, precision: precision)
    }
  }

  /// A logit over the temperature.
  private func logit(_ index: Int, precision: Int) -> ExactEntry {
    let logit = row[index]
    if logit.isNaN { return .limit(.notANumber) }
    if logit.isInfinite {
      return .limit(row.isPositiveInfinity(index) ? .positiveInfinity : .negativeInfinity)
    }
    var number = logit.parts(precision: precision)
    number.denominator = BigFloat(row.temperature)
    return .real(number)
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
