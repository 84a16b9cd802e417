public import LossFunctions
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
  public var abstentions: [String: Int] = [:]

  /// No finding: the claim stood.
  public var hasPassed: Bool { findings.isEmpty }

  /// The cases of one origin.
  public struct Stage: Sendable {
    /// The family's name, `known` or `search`.
    public let name: String
    /// The number of cases judged.
    public var caseCount = 0
    /// The number of cases at which the claim failed.
    public var failureCount = 0
    /// The number of cases about which nothing could be said.
    public var abstentionCount = 0
    /// The errors, where outputs were compared with exact values and all inputs were finite.
    public var statistics = ErrorTally()
    /// Rows with infinite or NaN logits: how many agreed with the conventions and how many did not.
    public var specialAgreements = 0
    public var specialDifferences = 0
    /// The number of cases of each kind of failure.
    public var failures: [Failure.Kind: Int] = [:]
  }

  /// The largest finite error of all stages, and where; nil where nothing was compared.
  public var worst: Witness? {
    stages.compactMap(\.statistics.worst).max { $0.ulps < $1.ulps }
  }
}

/// A way in which the claim fails, and the simplest case found that shows it.
public struct Finding: Sendable {
  /// The stage that found it first.
  public let stage: String
  /// The case's place in its stage.
  public let index: Int
  /// What went wrong there.
  public let failure: Failure
  /// The case as it was found.
  public let original: LossInput
  /// The simplest case found that fails in the same way.
  public let shrunk: LossInput
  /// What the simplest case says.
  public let judgement: Judgement
  /// The later stages whose failure was shrunk to the same case.
  public internal(set) var laterStages: [String] = []

  /// A finding.
  public init(
    stage: String, index: Int, failure: Failure, original: LossInput, shrunk: LossInput,
    judgement: Judgement
  ) {
    self.stage = stage
    self.index = index
    self.failure = failure
    self.original = original
    self.shrunk = shrunk
    self.judgement = judgement
  }
}
