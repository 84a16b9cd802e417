public import Cases
internal import LossFunctions
public import PropertyEngine

/// Someone else's implementation held against the oracle: a trial of its accuracy, and what its errors
/// look like.
public struct Check: Sendable {
  /// The implementation.
  public var subject: any Subject
  /// What it is called in reports: the command, the library.
  public var subjectName: String
  /// What it has to do.
  public var contract: CheckContract
  /// The cases.
  public var plan: TrialPlan

  /// A check of a subject.
  public init(
    _ subject: any Subject, named subjectName: String, _ contract: CheckContract,
    _ plan: TrialPlan = TrialPlan(families: Families.ordinary + Families.special)
  ) {
    self.subject = subject
    self.subjectName = subjectName
    self.contract = contract
    self.plan = plan
  }

  /// Checks.
  ///
  /// - Parameters:
  ///   - begin: Called before the subject is asked anything, while the first cases are being drawn: to start it.
  ///   - progress: Called with the number of cases judged and of all.
  ///   - surveyed: Called with what all cases say, before failures are asked again and shrunk.
  /// - Throws: What the subject throws: that it cannot be started.
  public func run(
    beginning begin: @Sendable () async throws -> Void = {},
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in },
    surveyed: @Sendable (CheckResult) async throws -> Void = { _ in }
  ) async throws -> CheckResult {
    let trial = Trial(AccuracyClaim(subject, contract), suitablePlan)
    let report = try await trial.run(beginning: begin, progress: progress) {
      try await surveyed(result($0))
    }
    guard !report.findings.isEmpty, !Task.isCancelled else { return result(report) }
    return result(report, try await EvidenceCollection(self).diagnoses(of: report))
  }

  private func result(_ report: TrialReport, _ diagnoses: [Diagnosis] = []) -> CheckResult {
    CheckResult(
      contract, subjectName: subjectName, seed: plan.seed, report: report, diagnoses: diagnoses)
  }

  /// The number of classes, where the options fix it.
  var weightCount: Int? { contract.options.classCount }

  /// The plan with the families that have rows for the options, with rows to be ignored where there is a
  /// label for them.
  private var suitablePlan: TrialPlan {
    var plan = plan
    if let weightCount {
      plan.classCounts = weightCount...weightCount
      plan.families.removeAll { $0.greatestClassCount != nil }
    }
    if let label = contract.options.ignoreIndex {
      plan.families = plan.families.map { $0.ignoring(label) }
    }
    return plan
  }
}

/// What a check found.
public struct CheckResult: Sendable {
  /// What the implementation had to do.
  public let contract: CheckContract
  /// What it is called.
  public let subjectName: String
  /// The seed of the cases; nil where they are those of a file.
  public let seed: UInt64?
  /// What the trial found.
  public let report: TrialReport
  /// The mistakes that its errors look like, the best first.
  public let diagnoses: [Diagnosis]

  /// The best grade that holds on all rows, and what keeps from the next better one; nil where nothing was
  /// compared.
  public var reached: ReachedGrade? { report.reached(contract.claim) }

  init(
    _ contract: CheckContract, subjectName: String, seed: UInt64?, report: TrialReport,
    diagnoses: [Diagnosis]
  ) {
    self.contract = contract
    self.subjectName = subjectName
    self.seed = seed
    self.report = report
    self.diagnoses = diagnoses
  }
}
