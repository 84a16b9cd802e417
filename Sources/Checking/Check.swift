public import Cases
internal import FloatFormats
public import LossFunctions
public import PropertyEngine
internal import Reference

/// Someone else's implementation held against the oracle: a trial of its accuracy, and what its errors
/// look like.
public struct Check: Sendable {
  /// The implementation.
  public var subject: any Subject
  /// What it is called in reports: the command, the library.
  public var subjectName: String
  /// What it is asked.
  public var question: LiveQuestion
  /// The options of the function, as the oracle has them.
  public var options: LossOptions
  /// How far outputs may be off.
  public var tolerance: Tolerance
  /// What rows with infinite and NaN logits count for.
  public var specialValues: AccuracyClaim.SpecialValues
  /// The families of cases.
  public var families: [Family]
  /// The number of cases of each family.
  public var caseCount: Int
  /// The number of cases that are searched.
  public var searchCount: Int
  /// The numbers of classes.
  public var classCounts: ClosedRange<Int>
  /// The seed.
  public var seed: UInt64
  /// Rows that are judged first.
  public var known: [LossInput]
  /// The number of logits that the shrinking of one failure may judge.
  public var shrinkingEffort = 100_000

  /// A check of a subject with a question.
  public init(
    _ subject: any Subject, named subjectName: String, answering question: LiveQuestion,
    options: LossOptions = LossOptions(), tolerance: Tolerance = .rounding,
    specialValues: AccuracyClaim.SpecialValues = .apart,
    families: [Family] = Families.ordinary + Families.special, caseCount: Int = 1000,
    searchCount: Int? = nil, classCounts: ClosedRange<Int> = 1...10, seed: UInt64 = 1,
    known: [LossInput] = []
  ) {
    self.subject = subject
    self.subjectName = subjectName
    self.question = question
    self.options = options
    self.tolerance = tolerance
    self.specialValues = specialValues
    self.families = families
    self.caseCount = caseCount
    self.searchCount = searchCount ?? 4 * caseCount
    self.classCounts = classCounts
    self.seed = seed
    self.known = known
  }

  /// The claim that the trial is about.
  public var claim: AccuracyClaim {
    var claim = AccuracyClaim(
      subject, computes: question.function, in: question.format,
      outputFormat: question.outputFormat, options: options, tolerance: tolerance,
      specialValues: specialValues)
    claim.leavesOutUnnormalisedTargets = specialValues == .apart
    return claim
  }

  /// Checks.
  ///
  /// - Parameter progress: Called with the number of cases judged and of all.
  /// - Throws: What the subject throws: that it cannot be started.
  public func run(
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> CheckResult {
    let trial = Trial(
      claim, families: suitableFamilies, caseCount: caseCount, searchCount: searchCount,
      classCounts: suitableClassCounts, seed: seed, known: known, batchSize: batchSize,
      shrinkingEffort: shrinkingEffort)
    let report = try await trial.run(progress: progress)
    // What is wrong on ordinary rows is looked at in batches of known size.
    let evidence =
      report.hasPassed || Task.isCancelled ? nil : try await EvidenceCollection(self).evidence()
    return CheckResult(check: self, report: report, diagnoses: evidence?.diagnoses() ?? [])
  }

  /// Larger batches for larger runs, so that a program's round trips do not count.
  private var batchSize: Int { min(4096, max(256, caseCount / 16)) }

  /// The number of classes, where the options fix it.
  var weightCount: Int? { options.classWeights?.count }

  private var suitableClassCounts: ClosedRange<Int> { weightCount.map { $0...$0 } ?? classCounts }

  /// The families that have rows for the options, with rows to be ignored where there is a label for
  /// them.
  private var suitableFamilies: [Family] {
    let suitable = families.filter { family in
      weightCount == nil || !Families.large.contains { $0.name == family.name }
    }
    guard let label = options.ignoreIndex else { return suitable }
    return suitable.map { $0.ignoring(label) }
  }
}

/// What a check found.
public struct CheckResult: Sendable {
  /// The check.
  public let check: Check
  /// What the trial found.
  public let report: TrialReport
  /// The mistakes that its errors look like, the best first.
  public let diagnoses: [Diagnosis]

  /// A result.
  public init(check: Check, report: TrialReport, diagnoses: [Diagnosis]) {
    self.check = check
    self.report = report
    self.diagnoses = diagnoses
  }

  /// Whether anything was compared or failed: a program may have answered that it does none of it.
  public var isConclusive: Bool {
    report.stages.contains { $0.caseCount > $0.abstentionCount }
  }
}
