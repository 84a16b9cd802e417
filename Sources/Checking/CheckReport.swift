internal import FloatFormats
internal import LossFunctions
public import PropertyEngine
public import Verification

/// A check as data: what `--report json` prints.
///
/// It holds no date, no machine and no duration: the same answers make the same bytes.
public struct CheckReport: Codable, Hashable, Sendable {
  /// The version of this structure.
  public var schema = 1
  /// The command, the library or the file that was checked.
  public let subject: String
  public let function: String
  public let format: String
  public let outputFormat: String
  /// The options, as JSON.
  public let options: String
  /// How far outputs may be off, in words, and in ulps where it was given so.
  public let tolerance: String
  public let maximumULPsAllowed: Double?
  public let seed: UInt64
  /// What it comes to, and whether that is a pass.
  public let verdict: Verdict
  public let passed: Bool
  /// What was observed, family by family.
  public let stages: [Stage]
  /// The failures, each with its simplest case.
  public let findings: [Finding]
  /// The mistakes that the errors look like, the best first.
  public let diagnoses: [Diagnosis]
  /// Why rows were left out, and how many.
  public let abstentions: [String: Int]

  /// One family.
  public struct Stage: Codable, Hashable, Sendable {
    public let family: String
    public let cases: Int
    public let outputs: Int
    public let failures: Int
    public let failuresByKind: [String: Int]
    public let abstentions: Int
    /// The largest error in ulps; nil where an output is not finite, or nothing was compared.
    public let maximumULPs: Double?
    public let maximumFiniteULPs: Double?
    public let meanULPs: Double?
    public let misroundedShare: Double?
    public let nonFinite: Int
    public let wrongSigns: Int
    /// Rows with infinite or NaN logits that agree with the conventions, and that do not.
    public let specialAgreements: Int
    public let specialDifferences: Int
    /// The cases of the largest finite error and of the first output that is not finite.
    public let witnesses: [VerificationReport.Case]
  }

  /// A failure.
  public struct Finding: Codable, Hashable, Sendable {
    public let kind: String
    /// Under what conditions it shows.
    public let reproduction: Reproduction
    public let message: String
    /// What else is known, such as the last line on stderr.
    public let note: String?
    /// The family that found it, and the case's place in it.
    public let family: String
    public let index: Int
    /// The families that found it again.
    public let laterFamilies: [String]
    public let witness: WitnessRecord
  }

  /// A known mistake.
  public struct Diagnosis: Codable, Hashable, Sendable {
    public let mistake: String
    public let summary: String
    public let detail: String?
    public let share: Double
    public let wrongRows: Int
    public let rows: Int
  }

  /// The report of a result.
  public init(_ result: CheckResult) {
    let contract = result.contract
    subject = result.subjectName
    function = contract.function.rawValue
    format = contract.format.name
    outputFormat = contract.outputFormat.name
    options = contract.optionText
    tolerance = contract.tolerance.statement
    maximumULPsAllowed = if case .ulps(let count) = contract.tolerance { count.finite } else { nil }
    seed = result.seed
    verdict = result.report.verdict
    passed = verdict == .passed
    stages = result.report.stages.map { Stage($0, contract.format, contract.outputFormat) }
    findings = result.report.findings.map { finding in
      Finding(
        kind: finding.failure.kind.rawValue, reproduction: finding.reproduction,
        message: finding.failure.message,
        note: finding.failure.note, family: finding.stage, index: finding.index,
        laterFamilies: finding.laterStages,
        witness: result.witness(finding))
    }
    diagnoses = result.diagnoses.map { diagnosis in
      Diagnosis(
        mistake: diagnosis.mistake.name, summary: diagnosis.mistake.summary,
        detail: diagnosis.detail, share: diagnosis.share, wrongRows: diagnosis.wrongCount,
        rows: diagnosis.rowCount)
    }
    abstentions = result.report.abstentions
  }
}

extension CheckResult {
  /// A finding as it is kept in a file.
  public func witness(_ finding: Finding) -> WitnessRecord {
    WitnessRecord(
      finding, of: contract.function, contract, subject: subjectName,
      origin: "\(finding.stage), seed \(seed)")
  }
}

extension CheckReport.Stage {
  fileprivate init(
    _ stage: TrialReport.Stage, _ format: FloatFormat, _ outputFormat: FloatFormat
  ) {
    let statistics = stage.statistics
    let hasOutputs = statistics.outputCount > 0
    self.init(
      family: stage.name, cases: stage.caseCount, outputs: statistics.outputCount,
      failures: stage.failureCount,
      failuresByKind: Dictionary(
        uniqueKeysWithValues: stage.failures.map { ($0.key.rawValue, $0.value) }),
      abstentions: stage.abstentionCount,
      maximumULPs: hasOutputs ? statistics.maximumULPs.finite : nil,
      maximumFiniteULPs: statistics.worst?.ulps, meanULPs: statistics.meanULPs.finite,
      misroundedShare: hasOutputs ? statistics.misroundedShare : nil,
      nonFinite: statistics.nonFiniteCount, wrongSigns: statistics.wrongSignCount,
      specialAgreements: stage.specialAgreements, specialDifferences: stage.specialDifferences,
      witnesses: [statistics.worst, statistics.firstNonFinite].compactMap { witness in
        witness.map { VerificationReport.Case($0, in: format, outputs: outputFormat) }
      })
  }
}
