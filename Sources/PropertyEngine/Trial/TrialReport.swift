package import LossFunctions
internal import Reference
public import Verification

/// What a trial found.
public struct TrialReport: Sendable {
  /// Nothing yet.
  public init() {}

  /// What was observed, stage by stage: the known cases, each family, the search.
  public var stages: [Stage] = []
  /// The failures, the first of each kind of each stage, shrunk; each shrunk case once.
  public var findings: [Finding] = []
  /// Why cases were left out, and how many.
  public private(set) var abstentions: [String: Int] = [:]
  /// What went wrong and did not when it was asked again of a new process, and how often.
  public private(set) var lapses: [Failure: Int] = [:]
  /// Whether all that was planned has been judged: not where it was interrupted, or where what was asked
  /// would not answer any more.
  public var isComplete = true
  /// Whether each of the known cases failed again, by its place; without those of which nothing could be
  /// said.
  public internal(set) var known: [Int: Bool] = [:]

  /// What the reasons begin with for which a subject that has taken too long is asked no more.
  public static let refusal = "not asked"

  /// The cases that were not asked for such a reason.
  var refusedCount: Int {
    abstentions.reduce(0) { $0 + ($1.key.hasPrefix(Self.refusal) ? $1.value : 0) }
  }

  /// Leaves out a case.
  public mutating func leaveOut(_ reason: String) { abstentions[reason, default: 0] += 1 }

  /// Notes what went wrong, and did not when it was asked again.
  mutating func note(_ lapse: Failure) { lapses[lapse, default: 0] += 1 }

  /// The same in words, each with the number of times.
  public var lapseTexts: [String] {
    lapses.map { "\($0.key.message) (\($0.value) ×)" }.sorted()
  }

  /// Why not all was judged, where something is known of that.
  public var shortfall: String? {
    let reasons = abstentions.keys.sorted()
    return reasons.first { $0.hasPrefix(Self.refusal) } ?? lapseTexts.first ?? reasons.first
  }

  /// What it comes to.
  ///
  /// A wrong number counts, though it be given once. An end of the code, or an answer that does not come in
  /// time, counts where it is repeated by a new process, or is seen more often than chance has it: `settle`
  /// sees to that.
  public var verdict: Verdict {
    if stages.contains(where: { $0.failureCount > 0 }) || !findings.isEmpty { return .fellShort }
    guard isComplete else { return .incomplete }
    return stages.contains { $0.caseCount > $0.abstentionCount } ? .passed : .inconclusive
  }

  /// Whether all was judged, and the claim stood wherever something could be said.
  public var hasPassed: Bool { verdict == .passed || verdict == .inconclusive }

  /// The cases of one origin.
  public struct Stage: Sendable {
    /// The family's name, `known` or `search`.
    public let name: String
    /// The name of the stage of cases that failed before.
    static let knownName = "known"
    /// The number of cases judged.
    public var caseCount = 0
    /// The number of cases at which the claim failed.
    public var failureCount = 0
    /// The number of cases about which nothing could be said.
    public var abstentionCount = 0
    /// The errors, where outputs were compared with exact values and all inputs were finite.
    public var statistics = ErrorTally()
    /// What the same rows reach.
    public internal(set) var grades = GradeTally()
    /// Rows with infinite or NaN logits: how many agreed with the conventions and how many did not.
    public var specialAgreements = 0
    public var specialDifferences = 0
    /// The number of cases of each kind of failure.
    public var failures: [Failure.Kind: Int] = [:]

    /// A stage without cases yet.
    public init(name: String) {
      self.name = name
    }

    /// Takes the failures of a kind for rows of which nothing could be said.
    ///
    /// - Returns: The number of them.
    mutating func withdraw(_ kind: Failure.Kind) -> Int {
      let count = failures.removeValue(forKey: kind) ?? 0
      failureCount -= count
      abstentionCount += count
      return count
    }

    /// Counts what rows say.
    package mutating func observe(_ judgements: Judgements, of batch: PlacedRows) {
      caseCount += judgements.count
      abstentionCount += judgements.abstentions.count
      failureCount += judgements.failures.count
      for failure in judgements.failures.values { failures[failure.kind, default: 0] += 1 }
      guard let comparison = judgements.comparison else { return }
      grades.observe(comparison, of: batch, in: name)
      statistics.observe(
        batch.rows, places: batch.places, computed: comparison.computed, exact: comparison.exact,
        errors: comparison.errors
      ) { comparison.isOrdinary($0) }
      for row in comparison.special where !comparison.left.contains(row) {
        if comparison.places(ofRow: row).allSatisfy({ comparison.errors.ulps[$0] == 0 }) {
          specialAgreements += 1
        } else {
          specialDifferences += 1
        }
      }
    }
  }

  /// What all rows have come to.
  public var grades: GradeTally {
    var tally = GradeTally()
    for stage in stages { tally.merge(stage.grades) }
    return tally
  }

  /// The best grade that holds on all rows, and what keeps from the next better one; nil where nothing was
  /// compared.
  public func reached(_ claim: Grade) -> ReachedGrade? {
    let kinds = Set(stages.flatMap(\.failures.keys)).union(findings.map(\.failure.kind))
    return grades.reached(claim, isAnswered: kinds.isSubset(of: Failure.Kind.errors))
  }

  /// Whether any output is a number, of those whose exact value is one.
  package var hasFiniteOutput: Bool {
    stages.contains { $0.statistics.nonFiniteCount < $0.statistics.outputCount }
  }

  /// The largest finite error of all stages, and where; nil where nothing was compared.
  public var worst: Witness? {
    stages.compactMap(\.statistics.worst).max { $0.ulps < $1.ulps }
  }
}

/// What a trial comes to.
public enum Verdict: String, Codable, Sendable {
  /// The claim stood, everywhere.
  case passed
  /// The claim was refuted.
  case fellShort = "fell short"
  /// Nothing was refuted, but not all was judged.
  case incomplete
  /// Nothing could be said of any case.
  case inconclusive = "nothing could be checked"

  /// The same with a capital letter.
  public var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}
