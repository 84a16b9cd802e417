internal import FloatFormats
internal import LossFunctions

/// Finds the fewest rows beside which a row fails that does not fail alone, and whether it is their
/// number, their order or their content that counts; then the fewest classes and the plainest logits of
/// these rows.
struct BatchShrinker {
  private let claim: any Claim
  private let suspect: Suspect
  private var rows: LossRows
  private var row: Int
  private var judgement: Judgement
  private var reproduction = Reproduction.besideOthers
  /// The number of logits that may still be judged.
  private var remaining: Int

  private static let clearedCount = 16

  init(_ claim: any Claim, _ suspect: Suspect, _ judgements: Judgements, effort: Int) {
    self.claim = claim
    self.suspect = suspect
    (rows, row) = (suspect.rows, suspect.row)
    judgement = judgements[row]
    remaining = max(effort, 20 * rows.logits.count)
  }

  var finding: Finding {
    suspect.finding(reproduction, shrunk: rows, row: row, judgement)
  }

  mutating func shrink() async throws {
    if try await !takeCopies() { try await dropRows() }
    try await dropClasses()
    try await clearLogits()
  }

  private mutating func dropRows() async throws {
    // With one row, as it was; then without blocks of rows of falling size.
    for other in rows.nearest(to: row) where try await take([other, row].sorted()) { return }
    var size = rows.count / 2
    while size > 0, rows.count > 2 {
      var start = 0
      while start < rows.count, rows.count > 2 {
        let removed = start..<min(start + size, rows.count)
        let kept = (0..<rows.count).filter { $0 == row || !removed.contains($0) }
        if kept.count == rows.count || kept.count < 2 {
          start += size
        } else if try await !take(kept) {
          start += size
        }
      }
      size /= 2
    }
  }

  /// Leaves out blocks of classes of falling size, of all rows alike.
  private mutating func dropClasses() async throws {
    var size = rows.classCount / 2
    while size > 0 {
      var start = 0
      while start < rows.classCount, rows.classCount > size {
        let removed = start..<min(start + size, rows.classCount)
        if try await !takeChanged({ $1.without(removed) }) { start += size }
      }
      size /= 2
    }
  }

  /// Puts zeros in the place of logits.
  private mutating func clearLogits() async throws {
    for place in 0..<min(rows.count, Self.clearedCount) {
      for index in 0..<min(rows.classCount, Self.clearedCount) {
        _ = try await takeChanged { row, input in
          var input = input
          if row == place { input.logits[index] = .zero }
          return input
        }
      }
    }
  }

  /// Takes the rows as they are changed, where the row still fails among them.
  private mutating func takeChanged(
    _ change: (Int, LossInput) -> LossInput
  ) async throws -> Bool {
    guard remaining > 0, !Task.isCancelled else { return false }
    let inputs = (0..<rows.count).map { change($0, rows[$0]) }
    let batches = inputs.batches(in: rows.format)
    guard batches.count == 1, batches[0].rows != rows else { return false }
    let judgements = try await judge(batches[0].rows)
    guard judgements.fails(row, suspect.failure.kind) else { return false }
    (rows, judgement) = (batches[0].rows, judgements[row])
    return true
  }

  /// Takes some of the rows where the row still fails among them.
  private mutating func take(_ kept: [Int]) async throws -> Bool {
    guard remaining > 0, !Task.isCancelled, let position = kept.firstIndex(of: row) else {
      return false
    }
    let some = rows.selecting(kept)
    let judgements = try await judge(some)
    guard judgements.fails(position, suspect.failure.kind) else { return false }
    (rows, row, judgement) = (some, position, judgements[position])
    return true
  }

  /// Takes copies of the row, as few as fail: then it is their number or their place that counts.
  private mutating func takeCopies() async throws -> Bool {
    var (passing, failing) = (1, 2)
    var found = try await failures(ofCopies: failing)
    while found == nil, failing < rows.count {
      (passing, failing) = (failing, min(2 * failing, rows.count))
      found = try await failures(ofCopies: failing)
    }
    guard found != nil else { return false }
    while failing - passing > 1 {
      let middle = passing + (failing - passing) / 2
      if let some = try await failures(ofCopies: middle) {
        (failing, found) = (middle, some)
      } else {
        passing = middle
      }
    }
    guard let found, let first = found.failures.keys.min() else { return false }
    reproduction = found.failures.count == failing ? .batchSize : .position
    rows = rows.selecting([Int](repeating: row, count: failing))
    (row, judgement) = (first, found[first])
    return true
  }

  /// What so many copies say; nil where none of them fails in the same way.
  private mutating func failures(ofCopies count: Int) async throws -> Judgements? {
    guard remaining > 0, !Task.isCancelled else { return nil }
    var judgements = try await judge(rows.selecting([Int](repeating: row, count: count)))
    judgements.failures = judgements.failures.filter { $0.value.kind == suspect.failure.kind }
    return judgements.failures.isEmpty ? nil : judgements
  }

  private mutating func judge(_ rows: LossRows) async throws -> Judgements {
    remaining -= rows.logits.count
    return try await claim.judge(rows)
  }
}

extension LossInput {
  /// The row without some of the classes; with the first for its true one where that is among them.
  fileprivate func without(_ removed: Range<Int>) -> LossInput {
    var row = self
    row.logits.removeSubrange(removed)
    if gradOutput.count == logits.count, logits.count > 1 { row.gradOutput.removeSubrange(removed) }
    switch target {
    case .none: break
    case .index(let label):
      // One to be ignored lies outside.
      let isKept = label < removed.lowerBound || label >= logits.count
      let kept = isKept ? label : removed.contains(label) ? 0 : label - removed.count
      row.target = .index(kept)
    case .probabilities(var values), .logits(var values):
      values.removeSubrange(removed)
      row.target = target.with(values)
    }
    return row
  }
}

extension LossRows {
  /// The first row, and those that stand next to one, the nearest first.
  fileprivate func nearest(to row: Int) -> [Int] {
    let others = (1...16).flatMap { [row - $0, row + $0] }
    return ([0] + others).filter { (0..<count).contains($0) && $0 != row }
  }
}
