internal import FloatFormats
internal import LossFunctions

/// Makes a failing row simpler for as long as it fails in the same way; its numbers may be any of the
/// format.
struct Shrinker {
  private let claim: any Claim
  private let kind: Failure.Kind
  /// The simplest row found.
  private(set) var best: LossInput
  /// What it says.
  private(set) var judgement: Judgement
  /// The row to begin with, and the last few that were the simplest since: of a row of a million
  /// classes more would not fit.
  private var earlier: [(input: LossInput, judgement: Judgement)] = []
  /// The number of logits that may still be judged: what shrinking costs is the oracle's time.
  private var remaining: Int
  private let isSpecial: Bool
  private var scale: SimplicityScale

  private static let greatestRowCount = 64
  private static let greatestLogitCount = 1 << 14
  private static let confirmationCount = 4

  /// A shrinker of a row that fails.
  ///
  /// - Parameter effort: The number of logits that may be judged in all; some times those of the row
  ///   where that is more.
  init(
    _ claim: any Claim, _ input: LossInput, _ judgement: Judgement, kind: Failure.Kind, effort: Int
  ) {
    self.claim = claim
    self.kind = kind
    best = input
    self.judgement = judgement
    // Of a thousand classes many rows are tried: to judge one takes little yet.
    let count = input.logits.count
    remaining = max(effort, 30 * count, min(200 * count, 1 << 19))
    isSpecial = !input.isFinite
    scale = SimplicityScale(claim.format)
  }

  /// Shrinks the row.
  mutating func shrink() async throws {
    var hasImproved = true
    while hasImproved {
      hasImproved = false
      for pass in RowPass.all {
        while try await takeFirstFailing(of: pass.candidates(best, claim.format)) {
          hasImproved = true
        }
      }
    }
  }

  /// Judges the simplest row again, with patience, and goes back to the ones before it while it does
  /// not fail: what is slow may have been taken for a hang.
  ///
  /// - Returns: Whether one of them fails; the row that does is the simplest then.
  mutating func confirm() async throws -> Reproduction {
    while true {
      let judgements = try await claim.judge(LossRows(best, in: claim.format), patiently: true)
      if judgements.fails(0, kind) {
        judgement = judgements[0]
        return .alone
      }
      if judgements.isRefused { return .unconfirmed }
      guard let last = earlier.popLast() else { return .notReproducible }
      (best, judgement) = last
    }
  }

  /// Takes the first row that is simpler and fails as the first one did; false where none does.
  ///
  /// They are judged in batches that grow, so that a likely first candidate costs one judgement and
  /// a hopeless list few calls; but never more of them than fit into little memory.
  private mutating func takeFirstFailing(of candidates: [RowPass.Candidate]) async throws -> Bool {
    let simplicity = scale.simplicity(of: best)
    var (next, size) = (0, 1)
    while remaining > 0, !Task.isCancelled {
      var (batch, logitCount): ([LossInput], Int) = ([], 0)
      while remaining > 0, batch.count < size, logitCount < Self.greatestLogitCount,
        next < candidates.count
      {
        next += 1
        guard let row = candidates[next - 1]() else { continue }
        let isSimpler =
          row.logits.count < best.logits.count || scale.simplicity(of: row) < simplicity
        // To make a row is work too, about a quarter of judging it.
        remaining -= isSimpler ? row.logits.count + 1 : row.logits.count / 4
        guard isSimpler, isSpecial || row.isFinite else { continue }
        batch.append(row)
        logitCount += row.logits.count
      }
      guard !batch.isEmpty else { return false }
      for (row, judgement) in zip(batch, try await claim.judge(batch))
      where judgement.failure?.kind == kind {
        earlier.append((best, self.judgement))
        if earlier.count > Self.confirmationCount { earlier.remove(at: 1) }
        (best, self.judgement) = (row, judgement)
        return true
      }
      // What ends a program ends it once, where it is asked alone.
      if !kind.isCostly { size = min(2 * size, Self.greatestRowCount) }
    }
    return false
  }
}
