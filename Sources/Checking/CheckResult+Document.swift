internal import FloatFormats
internal import LossFunctions
public import PropertyEngine
internal import Verification

extension CheckResult: CaseCheck {
  /// The causes that are shown; the rest is counted.
  private static let shownBlockCount = 5

  /// The failures in words, each cause with its simplest case and how to have it again.
  public func findingTexts(replay: (WitnessRecord) -> String) -> [String] {
    let blocks = blocks
    let texts = blocks.prefix(Self.shownBlockCount).map { block in
      block.finding.text(
        of: contract.function, input: contract.options.input, refuting: contract.claim.rawValue,
        in: contract.outputFormat,
        seed: seed, families: block.families,
        notes: [("cause", block.advice.cause), ("to do", block.advice.remedy)],
        replay: replay(witness(block.finding)))
    }
    let rest = blocks.count - texts.count
    return texts
      + (rest > 0 ? ["\(rest) more in other ways, which report.json and --save-witness hold"] : [])
  }

  public var verdict: Verdict { report.verdict }
  public var isComplete: Bool { report.isComplete }
  public var diagnosisTexts: [String] { diagnoses.map(\.text) }
  public var witnesses: [WitnessRecord] { report.findings.map(witness) }
  public var known: [Int: Bool] { report.known }
  public var data: CheckReport { CheckReport(self) }

  public var leftOutTexts: [String] {
    report.abstentions.sorted { $0.key < $1.key }.map { "\($0.value) rows: \($0.key)" }
  }

  /// What was not repeated, the grade that was reached, what keeps from the next better one, and what was
  /// flushed, each with its name.
  public var gradeFacts: [(name: String, value: String)] {
    let lapses = report.lapseTexts.map {
      (name: "once", value: "\($0); a new process that was asked the same did not repeat it")
    }
    guard let reached else { return lapses }
    var facts = lapses + [(name: "grade", value: "\(reached.grade): \(reached.grade.statement)")]
    if let next = reached.next {
      let row = reached.obstacle.map {
        $0.witness.line(
          in: contract.format, outputs: contract.outputFormat, of: contract.options.input,
          shownLogitCount: 4)
          + ($0.witness.ulps.isFinite ? ", \($0.witness.ulps.threeDigits) ulp" : "")
          + " (\($0.stage))"
      }
      facts.append((name: "not", value: "\(next): \(row ?? "rows were not answered")"))
    }
    let flushedCount = report.grades.flushedCount
    if flushedCount > 0 {
      facts.append(
        (
          name: "flushed",
          value: "\(flushedCount) outputs are 0 for a value below the least normal number"
        ))
    }
    return facts
  }

  /// The rows of the table, one for each family.
  public var rows: [ReportRow] {
    report.stages.map { stage in
      let kinds = stage.failures.sorted {
        ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
      }
      .map { "\($0.key.rawValue)" + ($0.value > 1 ? " × \($0.value)" : "") }
      let special = stage.specialAgreements + stage.specialDifferences
      return ReportRow(
        implementation: subjectName, function: contract.function.rawValue,
        format: contract.format, input: contract.options.input,
        outputFormat: contract.outputFormat, family: stage.name,
        caseCount: stage.caseCount,
        statistics: stage.statistics, grades: stage.grades, failureCount: stage.failureCount,
        failure: kinds.isEmpty ? nil : kinds.joined(separator: ", "),
        specialValues: special == 0
          ? nil
          : "conventions for infinities and NaN: \(stage.specialAgreements) of \(special) rows agree"
      )
    }
  }
}
