internal import Checking
internal import LossOracle

/// Writes what a check of rows or batches found, and keeps what failed.
struct CheckOutput {
  private let verdict: CheckVerdict
  private let reports: ReportArguments
  private let command: CommandLineText
  /// The failing cases of before, and those that are kept.
  private(set) var regressions = Regressions()
  /// The number of single rows that the check begins with.
  var knownCount = 0
  /// The drawings of a page; nil where no page is asked for.
  var curves: Figure?

  /// The files that are to be written, found to be writable before the check takes its time.
  init(
    _ verdict: CheckVerdict, _ reports: ReportArguments, command: CommandLineText,
    replayed: Regressions?
  ) throws {
    self.verdict = verdict
    self.reports = reports
    self.command = command
    try reports.prepare()
    regressions = try Regressions(keptIn: verdict.saveWitness, replaying: replayed)
  }

  /// Writes what all cases say, as soon as that is known.
  func writeTable(_ result: some CaseCheck) throws { try reports.writeTable(result) }

  /// Writes the rest, and the files.
  func write(_ result: some CaseCheck) throws {
    try reports.write(
      result, again: command.again, figures: curves.map { [$0] } ?? [],
      replay: { command.replay($0, verdict) },
      keep: {
        guard let path = verdict.saveWitness else { return }
        var regressions = regressions
        regressions.add(result, knownCount: knownCount)
        try regressions.write(to: path)
      })
  }
}

/// How the command was called, and how it is to be called for a finding.
struct CommandLineText {
  /// All arguments.
  let all: [String]
  /// Those that say what is checked.
  let subject: [String]

  /// The command that does the same again.
  var again: String { Self.text(all) }

  /// The command that judges a layer again that is kept in a file.
  func replay(keptIn path: String?) -> String {
    let words = ["check", linearCrossEntropyName, "--replay", path ?? "FILE"] + subject
    return path == nil
      ? "keep it with --save-witness FILE, then " + Self.text(words) : Self.text(words)
  }

  /// The command that judges a finding alone again.
  func replay(_ witness: WitnessRecord, _ verdict: CheckVerdict) -> String {
    if let path = verdict.saveWitness { return Self.text(["check", "--replay", path] + subject) }
    guard let text = witness.line else {
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
