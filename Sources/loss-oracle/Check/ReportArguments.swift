internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// Which reports of a check are written, and where to.
struct ReportArguments: ParsableArguments {
  @Option(
    name: .customLong("report"),
    help: """
      A report instead of the table: \(ReportFormat.list). With --output it is written there, and \
      may be repeated.
      """)
  var formats: [ReportFormat] = []

  @Option(
    help: "A folder to write reports to, beside the table on stdout; report.json by default.",
    transform: OutputFolder.path)
  var output: String?

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  func validate() throws {
    guard formats.count <= 1 || output != nil else {
      throw ValidationError("Several reports take --output, the folder that they go to.")
    }
  }

  /// The same with a folder of its own for a loss, and for a gradient, that one call gives.
  func ofPart(_ contract: CheckContract) -> ReportArguments {
    var reports = self
    if contract.isJoint {
      reports.output = output.map {
        $0 + (contract.function.isGradient ? "/gradient" : "/loss")
      }
    }
    return reports
  }

  /// Whether stdout is for a report and nothing else.
  var printsReport: Bool { output == nil && !formats.isEmpty }
  private var written: [ReportFormat] { formats.isEmpty ? [.json] : formats }
  private var style: Style { Style(usesColor: Terminal.usesColor(disabled: noColor)) }

  /// Finds the files to be writable before a check takes its time.
  func prepare() throws {
    if let output { try OutputFolder(path: output).prepare(written.map(\.fileName)) }
  }

  /// Writes what all cases say, as soon as that is known.
  func writeTable(_ result: some ReportedCheck) throws {
    if !printsReport { try StandardStream.output.write(table(result)) }
  }

  /// Writes the rest, and the files; what goes wrong with one of them keeps no other back.
  ///
  /// - Parameters:
  ///   - again: The command that does the same again, and `replay` that for a failure alone.
  ///   - figures: What a page draws.
  ///   - keep: Writes the failures to their file.
  func write<Result: ReportedCheck>(
    _ result: Result, again: String, figures: [Figure] = [], replay: (Result.Kept) -> String,
    keep: () throws -> Void
  ) throws {
    var outcome = Swift.Result<Void, any Error>.success(())
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch { outcome = .failure(error) }
    }
    func report(_ format: ReportFormat) throws -> String {
      try format.text(
        result.data, result.document(again: again, replay: replay), figures: figures)
    }
    if printsReport {
      for format in formats { attempt { try StandardStream.output.write(report(format)) } }
    } else {
      attempt { try StandardStream.output.write(conclusion(result, replay)) }
    }
    if let output {
      for format in written {
        attempt {
          try OutputFolder(path: output).write(Data(report(format).utf8), to: format.fileName)
        }
      }
    }
    attempt(keep)
    try outcome.get()
  }

  private func table(_ result: some ReportedCheck) -> String {
    let rows = result.rows
    let (labels, numbers) = (ReportColumn.labels(of: rows), ReportColumn.numbers(of: rows))
    var table = TextTable(
      labels.map { ($0.title, .left) } + numbers.map { ($0.title, .right) }
        + [("", .left), ("witness", .left)])
    for row in rows {
      let isBad = row.failure != nil
      table.append(
        labels.map { .init(text: $0.value(row)) }
          + numbers.map { .init(text: $0.value(row), style: isBad ? style.bad : { $0 }) }
          + [
            .init(text: row.mark, style: style.bad),
            .init(text: row.witness ?? row.specialValues ?? row.failure ?? "", style: style.faint),
          ])
    }
    let heading =
      "\(result.title), "
      + (result.reductionText.map { "\($0), " } ?? "") + (result.seed.map { "seed \($0), " } ?? "")
      + "MPFR \(MPFRLibrary.version); claimed: \(result.claim), each output \(result.claim.statement)"
    var lines = [style.heading(result.subjectName), style.faint(heading), ""]
    lines += table.lines(titleStyle: style.heading)
    lines += result.leftOutTexts.map { style.faint("left out: \($0)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func conclusion<Result: ReportedCheck>(
    _ result: Result, _ replay: (Result.Kept) -> String
  ) -> String {
    var lines: [String] = []
    for finding in result.findingTexts(replay: replay) { lines += ["", finding] }
    if !result.diagnosisTexts.isEmpty {
      lines += ["", style.heading("diagnosis")] + result.diagnosisTexts.map { "  \($0)" }
    }
    if result.verdict == .fellShort, !result.isComplete { lines += ["", "not all was asked"] }
    lines.append("")
    lines += result.gradeFacts.map { $0.name.padded(to: 9) + $0.value }
    lines.append(result.verdict == .passed ? result.verdictText : style.bad(result.verdictText))
    return lines.joined(separator: "\n") + "\n"
  }
}
