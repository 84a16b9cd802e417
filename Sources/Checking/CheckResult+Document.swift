internal import FloatFormats
internal import LossFunctions
public import PropertyEngine

extension CheckResult {
  /// The failures in words, each with its case and how to have it again.
  public func findingTexts(replay: (Finding) -> String) -> [String] {
    report.findings.map {
      $0.text(
        of: contract.function, refuting: contract.tolerance.statement, seed: seed,
        replay: replay($0))
    }
  }

  /// The result as a document.
  public func document(again: String, replay: (Finding) -> String) -> ReportDocument {
    var facts: [(name: String, value: String)] = [
      ("subject", subjectName), ("function", contract.function.rawValue),
      ("format", contract.format.name),
    ]
    if contract.outputFormat != contract.format {
      facts.append(("output format", contract.outputFormat.name))
    }
    if contract.optionText != "{}" { facts.append(("options", contract.optionText)) }
    facts += [("claim", contract.tolerance.statement), ("seed", "\(seed)"), ("again", again)]
    facts += report.abstentions.sorted { $0.key < $1.key }.map {
      (name: "left out", value: "\($0.value) rows: \($0.key)")
    }
    return ReportDocument(
      title: "\(contract.function) in \(contract.format): \(subjectName)", facts: facts,
      verdict: report.verdict, rows: rows,
      findings: findingTexts(replay: replay), diagnoses: diagnoses.map(\.text))
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
        format: contract.format, family: stage.name, caseCount: stage.caseCount,
        statistics: stage.statistics, failureCount: stage.failureCount,
        failure: kinds.isEmpty ? nil : kinds.joined(separator: ", "),
        specialValues: special == 0
          ? nil
          : "conventions for infinities and NaN: \(stage.specialAgreements) of \(special) rows agree"
      )
    }
  }
}
