public import Foundation
public import LossOracle

/// How a loss of one's own is held against exact values.
public struct AccuracyCheck: Sendable {
  /// How near to the exact values the loss has to be.
  public var claim: Grade
  /// Whether 0 may stand for a value below the least normal number; nil for what the claim takes.
  public var subnormals: CheckContract.Subnormals?
  /// The families of cases.
  public var families: [Family]
  /// The number of cases of each family; four times as many are searched for the worst.
  public var caseCount: Int
  /// The numbers of classes that cases may have.
  public var classCounts: ClosedRange<Int>
  /// The seed.
  public var seed: UInt64
  /// A folder where failing cases are kept, to be tried first from then on.
  public var witnesses: URL?

  /// A check with the families of finite logits, 500 cases of each; of what is in shards those that are masked, and
  /// targets in other shards, go with them.
  ///
  /// The environment's `LOSS_ORACLE_CASES` and `LOSS_ORACLE_SEED` go before what is given here, so
  /// that a run can be made longer, or again, without a change to the test.
  public init(
    claim: Grade = .common, subnormals: CheckContract.Subnormals? = nil,
    families: [Family] = Families.random, caseCount: Int = 500,
    classCounts: ClosedRange<Int> = 1...10, seed: UInt64 = 1, witnesses: URL? = nil
  ) {
    let environment = ProcessInfo.processInfo.environment
    self.claim = claim
    self.subnormals = subnormals
    self.families = families
    self.caseCount = environment["LOSS_ORACLE_CASES"].flatMap { Int($0) } ?? caseCount
    self.classCounts = classCounts
    self.seed = environment["LOSS_ORACLE_SEED"].flatMap { UInt64($0) } ?? seed
    self.witnesses = witnesses
  }

  /// A check of a claim in ulps.
  public init(
    within maximumULPs: Double, families: [Family] = Families.random, caseCount: Int = 500,
    classCounts: ClosedRange<Int> = 1...10, seed: UInt64 = 1, witnesses: URL? = nil
  ) {
    self.init(
      claim: .ulps(maximumULPs), families: families, caseCount: caseCount,
      classCounts: classCounts, seed: seed, witnesses: witnesses)
  }

  /// Hunts for cases that refute the claim. The report's `reached(_:)` says the best grade that holds on all
  /// rows.
  ///
  /// - Returns: What was found, the largest error among it.
  /// - Throws: `WitnessError` where the folder of witnesses cannot be read or written.
  public func report(on loss: LossUnderTest) async throws -> TrialReport {
    let database = witnesses.map(WitnessDatabase.init(folder:))
    let claim = claim(about: loss)
    let isOfShards = loss.function.isOfShards && hasUsualFamilies
    let plan = TrialPlan(
      families: families + (isOfShards ? [.shards] : []), caseCount: caseCount,
      classCounts: classCounts, seed: seed,
      known: try database?.inputs(of: loss.function, in: loss.format) ?? [])
    let report = try await Trial(claim, plan).run()
    try database?.add(records(report, of: claim))
    return report
  }

  /// Whether no other families were asked for.
  var hasUsualFamilies: Bool { families.map(\.name) == Families.random.map(\.name) }

  /// The findings as they are kept.
  func records(_ report: TrialReport, of claim: AccuracyClaim) -> [WitnessRecord] {
    report.findings.filter { $0.stage != "known" }.map {
      WitnessRecord(
        $0, of: claim.function, claim.contract, subject: "test",
        origin: "\($0.stage), seed \(seed)")
    }
  }

  /// The claim that the check is about.
  func claim(about loss: LossUnderTest) -> AccuracyClaim {
    AccuracyClaim(
      loss.subject,
      CheckContract(
        loss.function, in: loss.format, options: loss.options, claim: claim,
        subnormals: subnormals))
  }

  /// The findings in words, each with its case and how to have it again.
  func text(_ report: TrialReport, on loss: LossUnderTest, filter: String?) -> String {
    let filter = filter.map { " --filter '\($0)'" } ?? ""
    let replay =
      "LOSS_ORACLE_SEED=\(seed) LOSS_ORACLE_CASES=\(caseCount) swift test" + filter
    let statement = claim(about: loss).statement
    let findings = report.findings.map {
      $0.text(
        of: loss.function, input: loss.options.input, refuting: statement, seed: seed,
        replay: replay)
    }
    let shortfall = [Verdict.incomplete.rawValue, report.shortfall].compactMap(\.self)
    return (findings + (report.isComplete ? [] : [shortfall.joined(separator: ": ")]))
      .joined(separator: "\n")
  }
}

/// That a loss fell short of its claim; its description holds the shrunk cases.
public struct InaccurateLoss: Error, CustomStringConvertible, LocalizedError {
  /// The findings in words.
  public let description: String
  /// What was found.
  public let report: TrialReport

  public var errorDescription: String? { description }
}
