internal import Checking
internal import Foundation
internal import LossOracle

/// Writes what a check found.
struct CheckOutput {
  private let verdict: CheckVerdict
  private let command: CommandLineText
  /// The failing cases of before, and those that are kept.
  private(set) var regressions = Regressions()
  /// The number of single rows that the check begins with.
  var knownCount = 0
  /// The drawings of a page; nil where no page is asked for.
  var curves: Figure?

  /// The files that are to be written, found to be writable before the check takes its time.
  init(_ verdict: CheckVerdict, command: CommandLineText, replayed: Regressions?) throws {
    self.verdict = verdict
    self.command = command
    if let folder = verdict.output {
      try OutputFolder(path: folder).prepare(formats.map(\.fileName))
    }
    regressions = try Regressions(keptIn: verdict.saveWitness, replaying: replayed)
  }

  private var formats: [ReportFormat] { verdict.reports.isEmpty ? [.json] : verdict.reports }
  private var style: Style { Style(usesColor: Terminal.usesColor(disabled: verdict.noColor)) }
  /// Whether stdout is for a report and nothing else.
  private var printsReport: Bool { verdict.output == nil && !verdict.reports.isEmpty }

  /// Writes what all cases say, as soon as that is known.
  func writeTable(_ result: some ReportedCheck) throws {
    if !printsReport { try StandardStream.output.write(table(result)) }
  }

  /// Writes the rest, and the files; what goes wrong with one of them keeps no other back.
  func write(_ result: some ReportedCheck) throws {
    var outcome = Result<Void, any Error>.success(())
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch { outcome = .failure(error) }
    }
    if printsReport {
      for format in formats { attempt { try StandardStream.output.write(report(format, result)) } }
    } else {
      attempt { try StandardStream.output.write(conclusion(result)) }
    }
    if let folder = verdict.output {
      for format in formats {
        attempt {
          let data = Data(try report(format, result).utf8)
          try OutputFolder(path: folder).write(data, to: format.fileName)
        }
      }
    }
    if let path = verdict.saveWitness { attempt { try saveWitnesses(result, to: path) } }
    try outcome.get()
  }

  private func report(_ format: ReportFormat, _ result: some ReportedCheck) throws -> String {
    try format.text(
      result.data, result.document(again: command.again) { command.replay($0, verdict) },
      figures: curves.map { [$0] } ?? [])
  }

  private func saveWitnesses(_ result: some ReportedCheck, to path: String) throws {
    var regressions = regressions
    regressions.add(result, knownCount: knownCount)
    try regressions.write(to: path)
  }

  private func table(_ result: some ReportedCheck) -> String {
    let contract = result.contract
    let numbers = ReportColumn.numbers(true, ofBatches: contract.reduction != .none)
    var table = TextTable(
      [("family", .left)] + numbers.map { ($0.title, .right) } + [("", .left), ("witness", .left)])
    for row in result.rows {
      let isBad = row.failure != nil
      table.append(
        [.init(text: row.family)]
          + numbers.map { .init(text: $0.value(row), style: isBad ? style.bad : { $0 }) }
          + [
            .init(text: row.mark, style: style.bad),
            .init(text: row.witness ?? row.specialValues ?? row.failure ?? "", style: style.faint),
          ])
    }
    let heading =
      "\(contract.function) in \(contract.format), "
      + (result.reductionText.map { "\($0), " } ?? "") + (result.seed.map { "seed \($0), " } ?? "")
      + "MPFR \(MPFRLibrary.version); claimed: \(contract.claim), each output \(contract.claim.statement)"
    var lines = [style.heading(result.subjectName), style.faint(heading), ""]
    lines += table.lines(titleStyle: style.heading)
    lines += result.leftOutTexts.map { style.faint("left out: \($0)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func conclusion(_ result: some ReportedCheck) -> String {
    var lines: [String] = []
    for finding in result.findingTexts(replay: { command.replay($0, verdict) }) {
      lines += ["", finding]
    }
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

/// How the command was called, and how it is to be called for a finding.
struct CommandLineText {
  /// All arguments.
  let all: [String]
  /// Those that say what is checked.
  let subject: [String]

  /// A longer text of a witness is not for a command line.
  private static let greatestLength = 1000

  /// The command that does the same again.
  var again: String { Self.text(all) }

  /// The command that judges a finding alone again.
  func replay(_ witness: WitnessRecord, _ verdict: CheckVerdict) -> String {
    if let path = verdict.saveWitness { return Self.text(["check", "--replay", path] + subject) }
    var witness = witness
    witness.decimals = []
    let text = WitnessFile([witness]).line
    guard let text, text.utf8.count <= Self.greatestLength else {
      return "keep it with --save-witness FILE, then "
        + Self.text(["check", "--replay", "FILE"] + subject)
    }
    return Self.text(["check", "--replay", text] + subject)
  }

  private static func text(_ arguments: [String]) -> String {
    arguments.reduce("loss-oracle") { text, argument in
      let isPlain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+".contains($0) }
      let quoted = argument.replacing("'", with: "'\\''")
      return text + " " + (isPlain && !argument.isEmpty ? argument : "'\(quoted)'")
    }
  }
}
