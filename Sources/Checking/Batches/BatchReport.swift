internal import FloatFormats
internal import LossFunctions
public import PropertyEngine
internal import Verification

/// A check of batches, as JSON has it: what `--report json` prints of one.
public struct BatchReport: Encodable, Sendable {
  /// The version of this structure.
  public var schema = 1
  public let subject: String
  public let function: String
  public let format: String
  public let outputFormat: String
  /// The options, as JSON, with what a mean divides by where that is said.
  public let options: String
  public let reduction: String
  /// `["loss", "gradient"]` where one call gives both.
  public let outputs: [String]?
  /// How many rows stand side by side in logits [outer, classes, inner]; nil where the classes are last.
  public let inner: Int?
  public let claim: String
  public let subnormals: CheckContract.Subnormals?
  public let seed: UInt64?
  public let verdict: String
  public let passed: Bool
  /// What wrong batches were divided by, in words, where that explains them.
  public let denominator: String?
  /// The mistakes in rows that wrong batches look like, the likeliest first.
  public let diagnoses: [CheckReport.Diagnosis]
  public let stages: [Stage]
  public let findings: [Finding]
  /// The batch of the largest finite error; nil where nothing was compared.
  public let worst: Finding?

  /// A family. Errors are in ulps: nil where an output is not finite, or nothing was compared.
  public struct Stage: Encodable, Sendable {
    public let family: String
    public let batches: Int
    public let rows: Int
    public let outputs: Int
    public let failures: Int
    public let failuresByKind: [String: Int]
    public let maximumULPs: Double?
    public let meanULPs: Double?
    public let medianULPs: Double?
    public let percentile99ULPs: Double?
    /// The largest error over what is common.
    public let maximumOfCommon: Double?
    public let misroundedShare: Double?
    public let nonFinite: Int
    public let wrongSigns: Int
    public let specialAgreements: Int
    public let specialDifferences: Int
    public let leftOut: [String: Int]
  }

  /// A failure, and its rows.
  public struct Finding: Encodable, Sendable {
    public let family: String
    public let kind: String
    public let message: String
    public let logits: [[String]]
    public let labels: [Int]?
    public let probabilities: [[String]]?
    public let targetLogits: [[String]]?
    /// The error in ulps; nil where it is infinite, or there was no output.
    public let ulps: Double?
    public let computed: String?
    public let exact: [String]
  }

  init(_ result: BatchCheckResult) {
    let contract = result.contract
    subject = result.subjectName
    function = contract.function.rawValue
    format = contract.format.name
    outputFormat = contract.outputFormat.name
    options = contract.optionText
    reduction = contract.reduction.rawValue
    outputs = contract.isJoint ? ["loss", "gradient"] : nil
    inner = contract.layout.inner
    claim = contract.claim.rawValue
    subnormals = contract.subnormals
    seed = result.seed
    verdict = result.verdict.rawValue
    passed = result.verdict == .passed
    denominator = result.denominator
    diagnoses = result.diagnoses.map(CheckReport.Diagnosis.init)
    stages = result.stages.map(Stage.init)
    findings = result.findings.map(Finding.init)
    worst = result.worst.map(Finding.init)
  }
}

extension BatchReport.Stage {
  fileprivate init(_ stage: BatchCheckResult.Stage) {
    let (statistics, grades) = (stage.statistics, stage.grades)
    let hasOutputs = statistics.outputCount > 0
    self.init(
      family: stage.name, batches: stage.batchCount, rows: stage.rowCount,
      outputs: statistics.outputCount, failures: stage.failureCount,
      failuresByKind: stage.failures,
      maximumULPs: hasOutputs ? statistics.maximumULPs.finite : nil,
      meanULPs: statistics.meanULPs.finite,
      medianULPs: grades.quantiles.error(notExceededBy: 0.5)?.finite,
      percentile99ULPs: grades.quantiles.error(notExceededBy: 0.99)?.finite,
      maximumOfCommon: grades.greatestShare?.finite,
      misroundedShare: hasOutputs ? statistics.misroundedShare : nil,
      nonFinite: statistics.nonFiniteCount, wrongSigns: statistics.wrongSignCount,
      specialAgreements: stage.specialAgreements,
      specialDifferences: stage.specialCount - stage.specialAgreements, leftOut: stage.leftOut)
  }
}

extension BatchReport.Finding {
  /// A longer batch is told of by its first rows.
  private static let greatestRowCount = 1000

  fileprivate init(_ finding: BatchFinding) {
    let inputs = (0..<min(finding.rows.count, Self.greatestRowCount)).map { finding.rows[$0] }
    let labels = inputs.compactMap {
      if case .index(let label) = $0.target { label } else { nil }
    }
    let soft = inputs.compactMap { input -> [String]? in
      guard case .probabilities(let values) = input.target else { return nil }
      return values.map(\.hexadecimal)
    }
    let targetLogits = inputs.compactMap { input -> [String]? in
      guard case .logits(let values) = input.target else { return nil }
      return values.map(\.hexadecimal)
    }
    self.init(
      family: finding.stage, kind: finding.kind, message: finding.message,
      logits: inputs.map { $0.logits.map(\.hexadecimal) },
      labels: labels.isEmpty ? nil : labels, probabilities: soft.isEmpty ? nil : soft,
      targetLogits: targetLogits.isEmpty ? nil : targetLogits,
      ulps: finding.ulps?.finite, computed: finding.output?.hexadecimal,
      exact: finding.exact.hexadecimals)
  }
}
