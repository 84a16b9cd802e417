internal import Cases
internal import FloatFormats
internal import LossFunctions

/// Makes a failing case simpler for as long as it fails in the same way.
///
/// First the choices that the family made it from, so that it stays a case of the family, then the
/// row itself, whose numbers may then be any of the format.
struct Shrinker {
  private let claim: any Claim
  private let kind: Failure.Kind
  /// The simplest case found.
  private(set) var best: LossInput
  /// What it says.
  private(set) var judgement: Judgement
  /// What were the simplest cases before.
  private var earlier: [(input: LossInput, judgement: Judgement)] = []
  /// The number of logits that may still be judged: what shrinking costs is the oracle's time.
  private var remaining: Int
  private let isSpecial: Bool
  private var scale: SimplicityScale

  private static let greatestBatch = 64

  /// A shrinker of a case that fails.
  ///
  /// - Parameter effort: The number of logits that may be judged in all; ten times those of the
  ///   case where that is more.
  init(
    _ claim: any Claim, _ input: LossInput, _ judgement: Judgement, kind: Failure.Kind, effort: Int
  ) {
    self.claim = claim
    self.kind = kind
    best = input
    self.judgement = judgement
    remaining = max(effort, 10 * input.logits.count)
    isSpecial = !input.isFinite
    scale = SimplicityScale(claim.format)
  }

  /// Shrinks the choices that made the case, at the cost of a quarter of the effort at most: the
  /// row is shrunk after that.
  mutating func shrink(
    _ choices: [Choice], of family: Family, _ shape: CaseShape, index: Int
  ) async throws {
    guard family.input(shape, replaying: choices.map(\.value), index: index).input == best else {
      return
    }
    let reserve = remaining - remaining / 4
    var current = choices
    var hasImproved = true
    while hasImproved, remaining > reserve {
      hasImproved = false
      for pass in ChoicePass.all {
        var start = 0
        while remaining > reserve {
          let values = current.map(\.value)
          let changes = pass.changes(values, start)
          let found = try await firstFailing(of: changes.count) { position in
            let changed = changes[position].applied(to: values)
            let (input, choices) = family.input(shape, replaying: changed, index: index)
            return choices.isShortlexLess(than: current) ? input : nil
          }
          guard let found else { break }
          let changed = changes[found].applied(to: values)
          current = family.input(shape, replaying: changed, index: index).choices
          // What stands before has been tried, and is tried again in the next round.
          start = changes[found].position
          hasImproved = true
        }
      }
    }
  }

  /// Shrinks the row, whatever made it.
  mutating func shrinkRow() async throws {
    var hasImproved = true
    while hasImproved, remaining > 0 {
      hasImproved = false
      for pass in RowPass.all {
        while remaining > 0 {
          var scale = scale
          let (current, simplicity) = (best, scale.simplicity(of: best))
          let rows = pass.rows(current, claim.format)
          let found = try await firstFailing(of: rows.count) { position in
            let row = rows[position]
            let isSimpler =
              row.logits.count < current.logits.count || scale.simplicity(of: row) < simplicity
            return isSimpler ? row : nil
          }
          self.scale = scale
          guard found != nil else { break }
          hasImproved = true
        }
      }
    }
  }

  /// Judges the simplest case again, with patience, and goes back to the ones before it while it does
  /// not fail: what is slow may have been taken for a hang.
  mutating func confirm() async throws {
    for _ in 0..<Self.confirmationCount {
      if let judgement = try await claim.confirm(best), judgement.failure?.kind == kind {
        self.judgement = judgement
        return
      }
      guard let last = earlier.popLast() else { return }
      (best, judgement) = last
    }
    if let first = earlier.first { (best, judgement) = first }
  }

  private static let confirmationCount = 4

  /// Takes the first of so many candidates that fails as the case did.
  ///
  /// They are judged in batches that grow, so that a likely first candidate costs one judgement and
  /// a hopeless list few calls.
  ///
  /// - Parameter candidate: The candidate of a position; nil where it is no simpler.
  private mutating func firstFailing(
    of count: Int, _ candidate: (Int) -> LossInput?
  ) async throws -> Int? {
    var next = 0
    var size = 1
    while next < count, remaining > 0, !Task.isCancelled {
      var batch: [(position: Int, input: LossInput)] = []
      while next < count, batch.count < size {
        if let input = candidate(next) { batch.append((next, input)) }
        next += 1
      }
      guard !batch.isEmpty else { return nil }
      remaining -= batch.reduce(0) { $0 + $1.input.logits.count + 1 }
      let judgements = try await claim.judge(batch.map(\.input))
      for (candidate, judgement) in zip(batch, judgements)
      where judgement.failure?.kind == kind && (isSpecial || candidate.input.isFinite) {
        earlier.append((best, self.judgement))
        best = candidate.input
        self.judgement = judgement
        return candidate.position
      }
      size = min(2 * size, Self.greatestBatch)
    }
    return nil
  }
}

extension [Choice] {
  /// Whether this is shorter, or as long and less at the first difference.
  fileprivate func isShortlexLess(than other: [Choice]) -> Bool {
    guard count == other.count else { return count < other.count }
    return lazy.map(\.value).lexicographicallyPrecedes(other.lazy.map(\.value))
  }
}
