internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

/// A search for the batch that is worst: hill-climbing by small changes, from the worst batches of the families.
///
/// A row changes, or which rows there are: one more, one less, all twice, in another order, or one in place of all.
/// The order decides what a running sum loses, the number of rows what a mean divides by.
struct BatchAscent {
  private let contract: CheckContract
  private var choices: ChoiceSource
  private var walkers: [(rows: LossRows, badness: Double)] = []

  private static let walkerCount = 6
  private static let greatestRowCount = 64
  private static let greatestClassCount = 128

  init(_ contract: CheckContract, seed: UInt64) {
    self.contract = contract
    choices = ChoiceSource(
      RandomSource(
        seed: seed, path: ["batch-search", contract.function.rawValue, contract.format.name]))
  }

  /// Whether there is no place to start from.
  var isEmpty: Bool { walkers.isEmpty }

  /// Offers a place to start from; the worst are kept, each badness once, so that walkers differ.
  mutating func offer(_ rows: LossRows, _ badness: Double) {
    guard (1...Self.greatestRowCount).contains(rows.count), badness > 0, badness.isFinite,
      rows.classCount <= Self.greatestClassCount,
      !walkers.contains(where: { $0.badness == badness })
    else { return }
    walkers.append((rows, badness))
    walkers.sort { $0.badness > $1.badness }
    if walkers.count > Self.walkerCount { walkers.removeLast() }
  }

  /// A changed batch and the walker that it is of; nil where the change leads to rows of another shape, or that the
  /// function is not defined for.
  mutating func proposal() -> (walker: Int, rows: LossRows)? {
    let walker = choices.integer(in: 0...walkers.count - 1)
    let rows = walkers[walker].rows
    let row = choices.integer(in: 0...rows.count - 1)
    let all = Array(0..<rows.count)
    switch choices.choice(below: 10) {
    case 0 where rows.count > 1: return (walker, rows.selecting(all.filter { $0 != row }))
    case 1 where rows.count < Self.greatestRowCount: return (walker, rows.selecting(all + [row]))
    case 2 where 2 * rows.count <= Self.greatestRowCount:
      return (walker, rows.selecting(all + all))
    case 3 where rows.count > 1: return (walker, rows.selecting(all[row...] + all[..<row]))
    case 4 where rows.count > 1: return (walker, rows.selecting(all.map { _ in row }))
    default:
      let mutation = Mutation(format: rows.format, greatestClassCount: max(rows.classCount, 2))
      let changed = mutation.changed(rows[row], &choices)
      guard rows.takes(changed), (try? contract.function.validate(changed, contract.options)) != nil
      else { return nil }
      var batch = rows.selecting(all[..<row])
      batch.append(changed)
      for other in all[(row + 1)...] { batch.append(other, of: rows) }
      return (walker, batch)
    }
  }

  /// Moves a walker to a proposal that is no better.
  mutating func consider(_ walker: Int, _ rows: LossRows, _ badness: Double) {
    guard badness.isFinite, badness >= walkers[walker].badness else { return }
    walkers[walker] = (rows, badness)
  }
}
