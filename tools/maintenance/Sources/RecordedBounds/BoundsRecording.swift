public import Cases
internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import PropertyEngine
public import Verification

/// Makes the records of a verification plan.
public struct BoundsRecording: Sendable {
  /// The families that bounds are recorded of: the random ones, and for losses in shards those that are masked.
  public static let families = Families.random + [.shards]

  /// What to run.
  public let plan: VerificationPlan
  /// The number of cases that are searched for each entry.
  public let searchCount: Int

  /// A recording.
  public init(_ plan: VerificationPlan, searchCount: Int) {
    self.plan = plan
    self.searchCount = searchCount
  }

  /// The records, in the order of the plan's cells.
  ///
  /// - Throws: As `VerificationPlan.run`.
  public func records(
    threadCount: Int, progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> [BoundRecord] {
    let rows = try await plan.run(threadCount: threadCount, progress: progress)
    return await concurrentMap(rows) { row in
      BoundRecord(row, worst: worst(of: row))
    }
  }

  /// The worst of a row: of its random cases, or found from there by a search among the family's
  /// own cases.
  private func worst(of row: VerificationRow) -> Witness? {
    guard let start = row.statistics.worst, start.ulps <= 1000,
      row.cell.family.caseCount(row.cell.shape) == nil
    else { return row.statistics.worst }
    var search = FamilySearch(row, from: start, seed: plan.seed)
    for _ in 0..<searchCount { search.step() }
    return search.worst
  }
}

/// A hill-climb among the cases of a family: it changes the choices that made the worst case, so
/// that what it finds is a case of the family too.
private struct FamilySearch {
  private let row: VerificationRow
  private var random: ChoiceSource
  private var values: [UInt64]
  private var greatest: [UInt64]
  private(set) var worst: Witness

  init(_ row: VerificationRow, from start: Witness, seed: UInt64) {
    self.row = row
    worst = start
    let made = row.cell.family.recordedInput(row.cell.shape, seed: seed, index: start.index)
    values = made.choices.map(\.value)
    greatest = made.choices.map(\.greatest)
    random = ChoiceSource(
      RandomSource(seed: seed, path: ["record", row.implementation.name, row.cell.family.name]))
  }

  mutating func step() {
    guard !values.isEmpty else { return }
    var changed = values
    for _ in 0...random.choice(below: 3) {
      let index = random.integer(in: 0...changed.count - 1)
      changed[index] = neighbour(of: changed[index], upTo: greatest[index])
    }
    let shape = row.cell.shape
    let (input, choices) = row.cell.family.input(shape, replaying: changed, index: 0)
    guard let error = row.implementation.worstError(input, shape), error.ulps >= worst.ulps
    else { return }
    worst = error
    values = choices.map(\.value)
    greatest = choices.map(\.greatest)
  }

  /// Another value of a choice: any at all, or one near, at all scales.
  private mutating func neighbour(of value: UInt64, upTo greatest: UInt64) -> UInt64 {
    guard greatest > 0 else { return 0 }
    if random.oneIn(4) { return random.choice(below: greatest == .max ? .max : greatest + 1) }
    let bits = UInt64(64 - greatest.leadingZeroBitCount)
    let distance = 1 + random.choice(below: 1 << random.choice(below: bits))
    return random.isNegative()
      ? value - min(value, distance) : value + min(greatest - value, distance)
  }
}
