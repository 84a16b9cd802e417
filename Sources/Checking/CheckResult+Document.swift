internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

extension CheckResult {
  /// The failures in words, each with its case and how to have it again.
  public func findingTexts(replay: String) -> [String] {
    report.findings.map { $0.text(refuting: check.claim, seed: check.seed, replay: replay) }
  }

  /// The result as a document.
  public func document(replay: String) -> ReportDocument {
    let question = check.question
    var facts: [(name: String, value: String)] = [
      ("subject", check.subjectName), ("function", question.function.rawValue),
      ("format", question.format.name),
    ]
    if question.outputFormat != question.format {
      facts.append(("output format", question.outputFormat.name))
    }
    if question.options != "{}" { facts.append(("options", question.options)) }
    facts += [
      ("claim", check.tolerance.statement), ("seed", "\(check.seed)"),
      ("again", replay),
    ]
    facts += report.abstentions.sorted { $0.key < $1.key }.map {
      (name: "left out", value: "\($0.value) rows: \($0.key)")
    }
    return ReportDocument(
      title: "\(question.function) in \(question.format): \(check.subjectName)", facts: facts,
      hasPassed: report.hasPassed && isConclusive, rows: rows,
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
        implementation: check.subjectName, function: check.question.function.rawValue,
        format: check.question.format, family: stage.name, caseCount: stage.caseCount,
        statistics: stage.statistics, failureCount: stage.failureCount,
        failure: kinds.isEmpty ? nil : kinds.joined(separator: ", "),
        specialValues: special == 0
          ? nil
          : "conventions for infinities and NaN: \(stage.specialAgreements) of \(special) rows agree"
      )
    }
  }
}
