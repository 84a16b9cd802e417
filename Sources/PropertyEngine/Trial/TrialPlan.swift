public import Cases
public import LossFunctions

/// Which cases a trial judges.
public struct TrialPlan: Sendable {
  /// The families of cases.
  public var families: [Family]
  /// The number of cases of each family; a finite one has at most its own.
  public var caseCount: Int
  /// The number of cases of the search; by default as many as of four families.
  public var searchCount: Int
  /// The numbers of classes that categorical cases may have.
  public var classCounts: ClosedRange<Int>
  /// The seed.
  public var seed: UInt64
  /// Rows that are judged first: the ones that failed before.
  public var known: [LossInput]
  /// Batches that are judged first, each as a whole: rows that failed beside others.
  public var knownBatches: [LossRows] = []
  /// The number of cases judged at a time: more for longer runs, so that a program's round trips do
  /// not count.
  public var batchSize: Int
  /// The number of logits that the shrinking of one failure may judge.
  public var shrinkingEffort: Int

  /// A plan.
  public init(
    families: [Family] = Families.random, caseCount: Int = 1000, searchCount: Int? = nil,
    classCounts: ClosedRange<Int> = 1...10, seed: UInt64 = 1, known: [LossInput] = [],
    shrinkingEffort: Int = 100_000
  ) {
    self.families = families
    self.caseCount = caseCount
    self.searchCount = searchCount ?? caseCount.multipliedReportingOverflow(by: 4).partialValue
    self.classCounts = classCounts
    self.seed = seed
    self.known = known
    batchSize = min(4096, max(256, caseCount / 16))
    self.shrinkingEffort = shrinkingEffort
  }
}
