internal import Checking
internal import Foundation
internal import LossOracle

/// Writes what a check found.
struct CheckOutput {
  let result: CheckResult
  let replay: String
  /// The drawings of a page; nil where no page is asked for.
  var curves: ErrorCurves?

  func write(_ verdict: CheckVerdict) throws {
    if let path = verdict.saveWitness { try saveWitnesses(to: path) }
    let style = Style(usesColor: Terminal.usesColor(disabled: verdict.noColor))
    if let folder = verdict.output {
      for format in verdict.reports.isEmpty ? [.json] : verdict.reports {
        try OutputFolder(path: folder).write(Data(try report(format).utf8), to: format.fileName)
      }
    } else if let format = verdict.reports.first {
      return try StandardStream.output.write(try report(format))
    }
    try StandardStream.output.write(table(style))
  }

  private func report(_ format: ReportFormat) throws -> String {
    try format.text(
      CheckReport(result), result.document(replay: replay),
      pictures: curves.flatMap(CurvePictures.draw).map { [$0] } ?? [])
  }

  private func saveWitnesses(to path: String) throws {
    let witnesses = result.report.findings.map(result.witness)
    do {
      try WitnessFile(witnesses).write(to: URL(filePath: path))
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.cannotCreate)
    }
  }

  private func table(_ style: Style) -> String {
    let question = result.check.question
    var table = TextTable([
      ("family", .left), ("cases", .right), ("max ulp", .right), ("mean", .right),
      ("misrounded", .right), ("non-finite", .right), ("signs", .right), ("failures", .right),
      ("witness", .left),
    ])
    for row in result.rows {
      let isBad = row.failure != nil
      table.append([
        .init(text: row.family), .init(text: "\(row.caseCount)"),
        .init(text: row.maximum, style: isBad ? style.bad : { $0 }), .init(text: row.mean),
        .init(text: row.misrounded), .init(text: "\(row.statistics.nonFiniteCount)"),
        .init(text: "\(row.statistics.wrongSignCount)"),
        .init(text: "\(row.failureCount)", style: isBad ? style.bad : { $0 }),
        .init(text: row.witness ?? row.specialValues ?? row.failure ?? "", style: style.faint),
      ])
    }
    let heading =
      "\(question.function) in \(question.format), seed \(result.check.seed), "
      + "MPFR \(MPFRLibrary.version); claimed: \(result.check.tolerance.statement)"
    var lines = [style.heading(result.check.subjectName), style.faint(heading), ""]
    lines += table.lines(titleStyle: style.heading)
    for (reason, count) in result.report.abstentions.sorted(by: { $0.key < $1.key }) {
      lines.append(style.faint("left out: \(count) rows: \(reason)"))
    }
    for finding in result.findingTexts(replay: replay) { lines += ["", finding] }
    if !result.diagnoses.isEmpty {
      lines += ["", style.heading("diagnosis")] + result.diagnoses.map { "  \($0.text)" }
    }
    let passed = result.report.hasPassed && result.isConclusive
    lines += ["", passed ? "passed" : style.bad("fell short")]
    return lines.joined(separator: "\n") + "\n"
  }
}
