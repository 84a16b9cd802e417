internal import FloatFormats
internal import Interchange
internal import LossFunctions
public import PropertyEngine
internal import Reference
internal import Verification

extension BatchCheckResult {
  /// What it comes to, in a few words: `passed as common`.
  public var verdictText: String {
    switch verdict {
    case .passed: "passed as \(contract.claim)"
    case .fellShort: "fell short of \(contract.claim)"
    case .incomplete, .inconclusive: verdict.rawValue
    }
  }

  /// What was left out, and what conventions there were, a line each.
  public var leftOutTexts: [String] {
    var counts: [String: Int] = [:]
    for stage in stages { counts.merge(stage.leftOut, uniquingKeysWith: +) }
    var lines = counts.sorted { $0.key < $1.key }.map { "left out: \($0.value) batches: \($0.key)" }
    let count = stages.reduce(0) { $0 + $1.specialCount }
    if count > 0 {
      let agreed = stages.reduce(0) { $0 + $1.specialAgreements }
      lines.append("conventions for infinities and NaN: \(agreed) of \(count) outputs agree")
    }
    return lines
  }

  /// A finding as it is kept in a file.
  public func witness(_ finding: BatchFinding, subject: String) -> WitnessRecord {
    WitnessRecord(
      finding.rows, contract, kind: Failure.Kind(rawValue: finding.kind), message: finding.message,
      ulps: finding.ulps, subject: subject, origin: "\(finding.stage), seed \(seed)")
  }

  /// The result as JSON has it.
  public var report: BatchReport { BatchReport(self) }
}

extension BatchFinding {
  private static let shownRowCount = 8

  /// The finding in a few lines: the rows, what was computed and what is exact.
  public func lines(_ result: BatchCheckResult) -> [String] {
    let contract = result.contract
    let count = rows.count == 1 ? "1 row" : "\(rows.count) rows"
    var lines = [
      "\(contract.function) in \(contract.format), \(contract.reduction.rawValue) of \(count): \(kind)",
      "  outcome  \(message); claimed: \(contract.claim)",
    ]
    let letter = contract.options.input.letters.row
    for row in 0..<min(rows.count, Self.shownRowCount) {
      let input = rows[row]
      let numbers = input.logits.prefix(8).map(contract.format.shortestDecimal)
      let rest = input.logits.count > 8 ? ", …" : ""
      var text = "  row \(row)    \(letter)=[\(numbers.joined(separator: ", "))\(rest)]"
      switch input.target {
      case .none: break
      case .index(let label): text += " t=\(label)"
      case .probabilities(let values), .logits(let values):
        text +=
          " y=[\(values.prefix(8).map(contract.format.shortestDecimal).joined(separator: ", "))]"
      }
      lines.append(text)
    }
    if rows.count > Self.shownRowCount { lines.append("  …") }
    lines.append("  found by \(stage)")
    return lines
  }
}

/// A check of batches, as JSON has it.
public struct BatchReport: Codable, Sendable {
  /// A family.
  public struct Stage: Codable, Sendable {
    public let family: String
    public let batches: Int
    public let rows: Int
    public let failures: Int
    public let maximumULPs: Double?
    public let greatestShareOfCommon: Double?
    public let leftOut: [String: Int]
  }

  /// A failure, and its rows.
  public struct Finding: Codable, Sendable {
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

  public let function: String
  public let format: String
  public let outputFormat: String
  public let options: String
  public let reduction: String
  public let claim: String
  public let seed: UInt64
  public let verdict: String
  public let passed: Bool
  public let denominator: String?
  public let stages: [Stage]
  public let findings: [Finding]
  /// The batch of the largest finite error; nil where nothing was compared.
  public let worst: Finding?

  init(_ result: BatchCheckResult) {
    let contract = result.contract
    function = contract.function.rawValue
    format = contract.format.name
    outputFormat = contract.outputFormat.name
    options = contract.optionText
    reduction = contract.reduction.rawValue
    claim = contract.claim.rawValue
    seed = result.seed
    verdict = result.verdict.rawValue
    passed = result.verdict == .passed
    denominator = result.denominator
    stages = result.stages.map { stage in
      Stage(
        family: stage.name, batches: stage.batchCount, rows: stage.rowCount,
        failures: stage.failureCount, maximumULPs: stage.maximumULPs.finite,
        greatestShareOfCommon: stage.greatestShare.finite, leftOut: stage.leftOut)
    }
    findings = result.findings.map(Finding.init)
    worst = result.worst.map(Finding.init)
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
