internal import Cases

/// A hunt for cases that refute a claim: known ones first, then those of families, then a search.
///
/// The same trial comes to the same report, bit for bit, where the code under verification gives
/// the same answers, whatever the number of cores.
public struct Trial: Sendable {
  /// The claim.
  public var claim: any Claim
  /// The cases.
  public var plan: TrialPlan

  /// A trial.
  public init(_ claim: any Claim, _ plan: TrialPlan = TrialPlan()) {
    self.claim = claim
    self.plan = plan
  }

  /// The shape of the families' cases.
  var shape: CaseShape {
    CaseShape(
      function: claim.function, format: claim.format, input: claim.input,
      gradOutput: claim.gradOutput, classCounts: plan.classCounts)
  }

  /// The families that have cases for the claim's shape, and how many of them.
  var stages: [(family: Family, caseCount: Int)] {
    plan.families.filter { $0.suits(shape) }.map { family in
      (family, family.caseCount(shape, planned: plan.caseCount))
    }
  }

  /// Hunts.
  ///
  /// - Parameters:
  ///   - begin: Called before the claim is asked anything, while the first cases are being drawn: to start a program.
  ///   - progress: Called after each batch with the number of cases judged and of all.
  ///   - surveyed: Called with what all cases say, before failures are asked again and shrunk, which
  ///     may take long.
  /// - Returns: What was found; where the task is cancelled, what was found until then.
  /// - Throws: What the claim throws: that nothing more can be judged; and what `begin` does.
  public func run(
    beginning begin: @Sendable () async throws -> Void = {},
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in },
    surveyed: @Sendable (TrialReport) async throws -> Void = { _ in }
  ) async throws -> TrialReport {
    var hunt = Hunt(self, progress)
    try await hunt.survey(begin)
    try await surveyed(hunt.report)
    try await hunt.examineSuspects()
    return hunt.report
  }
}
