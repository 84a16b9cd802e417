internal import FloatFormats
internal import Interchange
internal import LossFunctions
public import PropertyEngine
internal import Reference
internal import Verification

extension BatchCheckResult: CaseCheck {
  public var leftOutTexts: [String] {
    var counts: [String: Int] = [:]
    for stage in stages { counts.merge(stage.leftOut, uniquingKeysWith: +) }
    return counts.sorted { $0.key < $1.key }.map { "\($0.value) batches: \($0.key)" }
  }

  public var gradeFacts: [(name: String, value: String)] {
    var facts: [(name: String, value: String)] = []
    if let worst, let ulps = worst.ulps, ulps > 0 {
      let allowed = worst.isAllowed && verdict == .fellShort ? "; the claim allows it" : ""
      facts.append(
        ("worst", "\(worst.message) (\(worst.rows.counted), \(worst.stage))\(allowed)"))
    }
    let count = stages.reduce(0) { $0 + $1.specialCount }
    if count > 0 {
      let agreed = stages.reduce(0) { $0 + $1.specialAgreements }
      facts.append(
        ("special", "conventions for infinities and NaN: \(agreed) of \(count) outputs agree"))
    }
    return facts
  }

  public var diagnosisTexts: [String] {
    if let denominator { return ["denominator  \(denominator)"] }
    if !diagnoses.isEmpty { return diagnoses.map { "\($0.text), each asked for as a batch" } }
    // Mistakes are told by what they make of rows, and a reduction mixes them.
    return findings.isEmpty
      ? []
      : ["to do  check rows by themselves, without a reduction: mistakes in a row have names there"]
  }

  public var witnesses: [WitnessRecord] { findings.map(witness) }
  public var data: BatchReport { BatchReport(self) }

  public func findingTexts(replay: (WitnessRecord) -> String) -> [String] {
    findings.map { finding in
      // Of a million rows a witness takes a gigabyte: for what no line holds the first rows stand.
      let rows = finding.rows
      let isLong = rows.count > WitnessRecord.greatestLineLength
      let replay = replay(
        witness(finding, isLong ? rows.selecting(0..<WitnessRecord.greatestLineLength) : rows))
      let last = replay.isEmpty ? [] : ["  replay   \(replay)"]
      return (finding.lines(self) + last).joined(separator: "\n")
    }
  }

  public var rows: [ReportRow] {
    stages.map { stage in
      ReportRow(
        implementation: subjectName, function: contract.function.rawValue,
        format: contract.format, family: stage.name, caseCount: stage.batchCount,
        caseName: "batches", rowCount: stage.rowCount, statistics: stage.statistics,
        grades: stage.grades,
        failureCount: stage.failureCount,
        failure: ReportRow.failure(stage.failures),
        specialValues: stage.leftOut.keys.min(), witness: stage.witness)
    }
  }

  /// A finding as it is kept in a file.
  public func witness(_ finding: BatchFinding) -> WitnessRecord { witness(finding, finding.rows) }

  private func witness(_ finding: BatchFinding, _ rows: LossRows) -> WitnessRecord {
    WitnessRecord(
      rows, contract, kind: Failure.Kind(rawValue: finding.kind), message: finding.message,
      ulps: finding.ulps, subject: subjectName,
      origin: finding.stage + (seed.map { ", seed \($0)" } ?? ""))
  }
}

extension BatchFinding {
  private static let shownRowCount = 8

  /// The finding in a few lines: the rows, what was computed and what is exact.
  public func lines(_ result: BatchCheckResult) -> [String] {
    let contract = result.contract
    var lines = [
      "\(contract.function) in \(contract.format), \(contract.reduction.rawValue) of \(rows.counted): \(kind)",
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
