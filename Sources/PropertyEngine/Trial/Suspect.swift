internal import LossFunctions

/// A row that has failed, among those that were asked with it.
struct Suspect: Sendable {
  let stage: String
  /// The row's place in the stage.
  let place: Int
  let failure: Failure
  let rows: LossRows
  /// Which of the rows it is.
  let row: Int
  /// What was said of the rows.
  let judgements: Judgements

  /// The row without those beside it.
  var alone: Suspect {
    var judgements = Judgements(count: 1)
    judgements.take(self.judgements, row, for: 0)
    return Suspect(
      stage: stage, place: place, failure: failure, rows: rows.selecting([row]), row: 0,
      judgements: judgements)
  }
}

/// Under what conditions a row fails.
public enum Reproduction: String, Codable, Sendable {
  /// By itself, each time.
  case alone = "by itself"
  /// Only when it is asked beside rows of another content.
  case besideOthers = "only beside other rows"
  /// Where it stands behind so many others, whatever they are.
  case position = "depends on position"
  /// Where so many rows or more are asked at a time, whatever they are.
  case batchSize = "depends on the batch size"
  /// Now and then: the same rows, asked again, get other answers.
  case notDeterministic = "not deterministic"
  /// Once, and not when it was asked again.
  case notReproducible = "not reproducible"
  /// It has not been asked again, for want of time or of a program that answers.
  case unconfirmed = "not asked again"
}

/// Asks again for a row that has failed, alone, beside the others, and twice; and makes what is to blame
/// as simple as it can: the row, or the rows that it takes.
struct Examiner {
  private let claim: any Claim
  private let effort: Int

  init(_ claim: any Claim, effort: Int) {
    self.claim = claim
    self.effort = effort
  }

  /// What a suspect comes to.
  ///
  /// - Parameter findings: What others have come to. A row that does not fail alone is not followed up
  ///   where one of its kind has been.
  func finding(of suspect: Suspect, besides findings: [Finding]) async throws -> Finding {
    let kind = suspect.failure.kind
    let alone = suspect.rows.selecting([suspect.row])
    // What hangs is waited for once, when it has been made simple.
    let first = try await claim.judge(alone, patiently: kind.isCostly && kind != .hang)
    guard !Task.isCancelled, !first.isRefused else { return suspect.finding(.unconfirmed) }
    // What is costly is asked once: a second start says little.
    let second = kind.isCostly ? first : try await claim.judge(alone)
    guard !second.isRefused else { return suspect.finding(.unconfirmed) }
    if first.fails(0, kind), second.fails(0, kind) {
      return try await shrunkRow(suspect, first)
    }
    if first.fails(0, kind) != second.fails(0, kind) || !first.gaveSame(as: second) {
      return suspect.finding(.notDeterministic)
    }
    let known = findings.first { $0.failure.kind == kind && $0.reproduction != .alone }
    guard suspect.rows.count > 1, known == nil else {
      // The same question and another answer: a number that was wrong has been given, and stays so.
      let isSame = kind.isCostly || first.gaveSame(as: suspect.judgements)
      return suspect.finding(known?.reproduction ?? (isSame ? .notReproducible : .notDeterministic))
    }
    let again = try await claim.judge(suspect.rows)
    guard !again.isRefused else { return suspect.finding(.unconfirmed) }
    guard again.fails(suspect.row, kind) else {
      // Sums in a random order are no fault by themselves: only a wrong number must have been another.
      let isSame = kind.isCostly || again.gaveSame(as: suspect.judgements)
      return suspect.finding(isSame ? .notReproducible : .notDeterministic)
    }
    if kind != .hang, try await !claim.judge(suspect.rows).fails(suspect.row, kind) {
      return suspect.finding(.notDeterministic)
    }
    var shrinker = BatchShrinker(claim, suspect, again, effort: effort)
    try await shrinker.shrink()
    // What comes now and then may have come at each step by chance: a program that ends at every seventh request.
    guard try await stillFails(shrinker.finding) else { return suspect.finding(.notDeterministic) }
    return shrinker.finding
  }

  private func shrunkRow(_ suspect: Suspect, _ judgements: Judgements) async throws -> Finding {
    var shrinker = Shrinker(
      claim, suspect.rows[suspect.row], judgements[0], kind: suspect.failure.kind, effort: effort)
    try await shrinker.shrink()
    if suspect.failure.kind == .hang {
      let confirmation = try await shrinker.confirm()
      guard confirmation == .alone else { return suspect.finding(confirmation) }
    }
    let finding = suspect.finding(
      .alone, shrunk: LossRows(shrinker.best, in: claim.format), row: 0, shrinker.judgement)
    guard try await stillFails(finding) else { return suspect.finding(.notDeterministic) }
    return finding
  }

  /// Whether what has been made simple fails once more. What hangs has been waited for often enough.
  private func stillFails(_ finding: Finding) async throws -> Bool {
    guard finding.failure.kind != .hang, !Task.isCancelled else { return true }
    let judgements = try await claim.judge(finding.rows)
    return judgements.isRefused || judgements.fails(finding.row, finding.failure.kind)
  }
}

extension Judgements {
  /// Whether a row fails in a way.
  func fails(_ row: Int, _ kind: Failure.Kind) -> Bool { failures[row]?.kind == kind }

  /// Whether nobody answers any more.
  var isRefused: Bool {
    abstentions.values.contains { $0.hasPrefix(TrialReport.refusal) }
  }

  /// Whether the rows that were answered both times got the same outputs.
  fileprivate func gaveSame(as other: Judgements) -> Bool {
    guard let comparison, let others = other.comparison else { return true }
    return (0..<count).allSatisfy { row in
      let places = comparison.places(ofRow: row)
      return comparison.left.contains(row) || others.left.contains(row)
        || comparison.computed[places] == others.computed[places]
    }
  }
}

extension Suspect {
  /// The row as it was found.
  func finding(_ reproduction: Reproduction) -> Finding {
    let alone = alone
    return finding(reproduction, shrunk: alone.rows, row: 0, judgements[row])
  }

  /// The finding that the row comes to.
  func finding(
    _ reproduction: Reproduction, shrunk: LossRows, row: Int, _ judgement: Judgement
  ) -> Finding {
    Finding(
      stage: stage, index: place, failure: judgement.failure ?? failure, original: rows[self.row],
      reproduction: reproduction, rows: shrunk, row: row, judgement: judgement)
  }
}
