internal import FloatFormats
internal import LossFunctions
public import PropertyEngine
public import Verification

/// A check as data: what `--report json` prints.
///
/// It holds no date, no machine and no duration: the same answers make the same bytes.
public struct CheckReport: Encodable, Hashable, Sendable {
  /// The version of this structure.
  public var schema = 1
  /// The command, the library or the file that was checked.
  public let subject: String
  public let function: String
  public let format: String
  public let outputFormat: String
  /// The options, as JSON.
  public let options: String
  /// How many rows stand side by side in logits [outer, classes, inner]; nil where the classes are last.
  public let inner: Int?
  /// How near outputs have to be, and what becomes of subnormal numbers where that was said.
  public let claim: Grade
  public let subnormals: CheckContract.Subnormals?
  /// The best grade that holds on all rows, and the next better one with the row that keeps from it; nil
  /// where nothing was compared.
  public let grade: Grade?
  public let next: Next?
  /// The number of outputs that are 0 for a value below the normal range.
  public let flushedOutputs: Int
  public let seed: UInt64?
  /// What it comes to, and whether that is a pass.
  public let verdict: Verdict
  public let passed: Bool
  /// What was observed, family by family.
  public let stages: [Stage]
  /// The failures, those of one cause together, each with its simplest case.
  public let findings: [Finding]
  /// The mistakes that the errors look like, the best first.
  public let diagnoses: [Diagnosis]
  /// Why rows were left out, and how many.
  public let abstentions: [String: Int]
  /// What went wrong, was not repeated by a new process and does not count, and how often.
  public let lapses: [String: Int]

  /// A better grade than the one that was reached.
  public struct Next: Encodable, Hashable, Sendable {
    public let grade: Grade
    /// The family and the row that keep from it; nil where rows were not answered.
    public let family: String?
    public let witness: VerificationReport.Case?

    init(_ grade: Grade, _ obstacle: GradeObstacle?, _ contract: CheckContract) {
      self.grade = grade
      family = obstacle?.stage
      witness = obstacle.map {
        VerificationReport.Case($0.witness, in: contract.format, outputs: contract.outputFormat)
      }
    }
  }

  /// One family.
  public struct Stage: Encodable, Hashable, Sendable {
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
    /// Errors in ulps that half and 99 in a hundred outputs do not exceed.
    public let medianULPs: Double?
    public let percentile99ULPs: Double?
    /// The largest error over what is common; nil where an output is not finite, or nothing was compared.
    public let maximumOfCommon: Double?
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
  public struct Finding: Encodable, Hashable, Sendable {
    public let kind: String
    /// Under what conditions it shows.
    public let reproduction: Reproduction
    public let message: String
    /// What else is known, such as the last line on stderr.
    public let note: String?
    /// The family that found it, and the case's place in it.
    public let family: String
    public let index: Int
    /// The other families that met it.
    public let laterFamilies: [String]
    /// How many failures that were asked again and shrunk came to it.
    public let count: Int
    /// The known mistake that gives what it shows; nil where none is known to.
    public let mistake: String?
    /// What it looks like, and what to do.
    public let cause: String
    public let remedy: String
    public let witness: WitnessRecord
  }

  /// A known mistake.
  public struct Diagnosis: Encodable, Hashable, Sendable {
    public let mistake: String
    public let summary: String
    public let detail: String?
    public let share: Double
    public let wrongRows: Int
    public let rows: Int

    init(_ diagnosis: Checking.Diagnosis) {
      mistake = diagnosis.mistake.name
      summary = diagnosis.mistake.summary
      detail = diagnosis.detail
      share = diagnosis.share
      (wrongRows, rows) = (diagnosis.wrongCount, diagnosis.rowCount)
    }
  }

  /// The report of a result.
  public init(_ result: CheckResult) {
    let contract = result.contract
    subject = result.subjectName
    function = contract.function.rawValue
    format = contract.format.name
    outputFormat = contract.outputFormat.name
    options = contract.optionText
    inner = contract.layout.inner
    claim = contract.claim
    subnormals = contract.subnormals
    grade = result.reached?.grade
    next = result.reached.flatMap { reached in
      reached.next.map { Next($0, reached.obstacle, contract) }
    }
    flushedOutputs = result.report.grades.flushedCount
    seed = result.seed
    verdict = result.report.verdict
    passed = verdict == .passed
    stages = result.report.stages.map { Stage($0, contract.format, contract.outputFormat) }
    findings = result.blocks.map { block in
      let finding = block.finding
      return Finding(
        kind: finding.failure.kind.rawValue, reproduction: finding.reproduction,
        message: finding.failure.message,
        note: finding.failure.note, family: finding.stage, index: finding.index,
        laterFamilies: block.families.filter { $0 != finding.stage }, count: block.count,
        mistake: block.diagnosis?.mistake.name, cause: block.advice.cause,
        remedy: block.advice.remedy,
        witness: result.witness(finding))
    }
    diagnoses = result.diagnoses.map(Diagnosis.init)
    abstentions = result.report.abstentions
    lapses = Dictionary(
      result.report.lapses.map { ($0.key.message, $0.value) }, uniquingKeysWith: +)
  }
}

extension CheckResult {
  /// A finding as it is kept in a file.
  public func witness(_ finding: Finding) -> WitnessRecord {
    WitnessRecord(
      finding, of: contract.function, contract, subject: subjectName,
      origin: finding.stage + (seed.map { ", seed \($0)" } ?? ""))
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
      medianULPs: stage.grades.quantiles.error(notExceededBy: 0.5)?.finite,
      percentile99ULPs: stage.grades.quantiles.error(notExceededBy: 0.99)?.finite,
      maximumOfCommon: stage.grades.greatestShare?.finite,
      misroundedShare: hasOutputs ? statistics.misroundedShare : nil,
      nonFinite: statistics.nonFiniteCount, wrongSigns: statistics.wrongSignCount,
      specialAgreements: stage.specialAgreements, specialDifferences: stage.specialDifferences,
      witnesses: [statistics.worst, statistics.firstNonFinite].compactMap { witness in
        witness.map { VerificationReport.Case($0, in: format, outputs: outputFormat) }
      })
  }
}
