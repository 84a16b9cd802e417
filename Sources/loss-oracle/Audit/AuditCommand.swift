internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// `loss-oracle audit`: would a test notice?
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Would your tests notice? Which known mistakes pass a comparison with a tolerance.",
    discussion: """
      A test compares tensors of outputs, each output a with what is expected of it, e: it passes \
      where |a - e| <= atol + rtol |e| everywhere. Runs of such a test are tried with what known \
      mistakes would have given, and with right implementations, against the exact values:

        $ loss-oracle audit --function softmax --classes 393216 --rows 4 --draw uniform \\
            --rtol 1e-2 --atol 1e-2
        $ loss-oracle audit --tolerance pytorch --format bfloat16 --draw normal --scale 10
        $ loss-oracle audit --tolerance jax --inputs logits.safetensors

      The table says in which share of the runs each mistake passes, and below which tolerance it \
      is caught in every run. The same arguments give the same answer, on any number of threads.
      """)

  @Option(help: "The function.")
  var function = LossFunction.crossEntropy

  @Option(
    help: """
      The format of the logits: \(FloatFormat.argumentHelp). (default: float32, or that of the inputs)
      """)
  var format: FloatFormat?

  @Option(help: "The format of the outputs, which are compared. (default: that of the logits)")
  var outputFormat: FloatFormat?

  @Option(help: "The options of the function, a JSON object: '{\"label_smoothing\": 0.1}'.")
  var options = "{}"

  @Option(
    help: """
      How the losses of a run become the one number that is compared: none, mean or sum. The gradient \
      is then by that.
      """)
  var reduction = Reduction.none

  @Option(help: "The relative tolerance. (default: 0, where --atol is given)")
  var rtol: Double?

  @Option(help: "The absolute tolerance. (default: 0, where --rtol is given)")
  var atol: Double?

  @Option(
    help: """
      The tolerance of a test suite, instead: \
      \(KnownTolerances.all.map(\.name).joined(separator: ", ")). --list tells them.
      """)
  var tolerance: String?

  @Option(help: "The number of rows of a run. (default: 16, or all of the inputs)")
  var rows: Int?

  @Option(help: "The number of classes that are drawn.", transform: Count.classes)
  var classes = 1000

  @Option(help: "The number of runs. (default: as many as take some seconds, at most 100)")
  var runs: Int?

  @Option(
    help: """
      How logits are drawn: normal (as randn does), uniform (as rand does, from [0, 1)), or a family \
      of `loss-oracle list`.
      """)
  var draw = "normal"

  @Option(parsing: .unconditional, help: "What normal or uniform logits are multiplied with.")
  var scale = 1.0

  @Option(parsing: .unconditional, help: "What is added to them then, as in --shift -9.")
  var shift = 0.0

  @Option(help: "A file of inputs instead, .safetensors or .json, as `generate` writes them.")
  var inputs: String?

  @Option(help: "The seed of what is drawn.")
  var seed: UInt64 = 1

  @Option(
    help: "The number of threads, at most 1024. (default: one for each core)",
    transform: Count.threads)
  var threads: Int?

  @Option(help: "A report instead of the table: json or markdown.")
  var report: Layout?

  @Flag(help: "List the tolerances that have a name, with their sources.")
  var list = false

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  enum Layout: String, CaseIterable, ExpressibleByArgument { case json, markdown }

  func validate() throws {
    guard !list else { return }
    guard (tolerance == nil) != (rtol == nil && atol == nil) else {
      throw ValidationError(
        "Give the tolerance of the test: --rtol R --atol A, or --tolerance NAME.")
    }
    for (name, value) in [("--rtol", rtol), ("--atol", atol)] {
      if let value, !(value >= 0 && value.isFinite) {
        throw ValidationError("\(name) must be a number of at least 0.")
      }
    }
    if let tolerance, KnownTolerances.named(tolerance) == nil {
      throw Suggestion.unknown("tolerance", tolerance, among: KnownTolerances.all.map(\.name))
    }
    guard scale.isFinite, shift.isFinite else {
      throw ValidationError("--scale and --shift must be finite.")
    }
    for (name, value) in [("--rows", rows), ("--runs", runs)] {
      if let value, !(1...Audit.greatestLogitCount ~= value) {
        throw ValidationError(
          "\(name) must be a number from 1 to \(Audit.greatestLogitCount).")
      }
    }
    _ = try family()
  }

  func run() async throws {
    guard !list else { return try StandardStream.output.write(listing()) }
    let audit = try audit()
    let progress = ProgressLine("auditing")
    let result: AuditReport
    do {
      (result, _) = try await Interruption.cancelling {
        try await audit.run(threadCount: threads) { progress.update($0, $1) }
      }
    } catch is CancellationError {
      progress.finish()
      throw StandardStream.failure("interrupted", status: ExitStatus.interrupted)
    } catch let error as AuditError {
      progress.finish()
      throw StandardStream.failure("\(error)", status: ExitStatus.badData)
    } catch let error as FixtureError {
      progress.finish()
      throw StandardStream.failure("\(inputs ?? ""): \(error)", status: ExitStatus.badData)
    }
    progress.finish()
    let page = AuditPage(result, tolerance: tolerance)
    let text =
      switch report {
      case .json: try ReportFormat.jsonText(result)
      case .markdown: page.markdown
      case nil: page.text(Style(usesColor: Terminal.usesColor(disabled: noColor)))
      }
    try StandardStream.output.write(text)
  }

  private func audit() throws -> Audit {
    let source: Audit.Inputs
    var format = format ?? .float32
    if let inputs {
      let rows = try fixtures(inputs)
      if let wanted = self.format, wanted != rows.format {
        throw ValidationError("--format is \(wanted), and the inputs are in \(rows.format).")
      }
      (source, format) = (.file(rows), rows.format)
    } else {
      source = .drawn(try family(), classCount: classes)
    }
    do {
      return try Audit(
        function, in: format, outputFormat: outputFormat, options: try lossOptions(in: format),
        reduction: reduction, closeness: try closeness(in: outputFormat ?? format),
        inputs: source, rowCount: rows, runCount: runs, seed: seed)
    } catch let error as AuditError {
      throw ValidationError("\(error).")
    }
  }

  private func lossOptions(in format: FloatFormat) throws -> LossOptions {
    do {
      return try LossOptions(parsing: options, for: function, in: format)
    } catch {
      throw ValidationError("--options: \(error).")
    }
  }

  private func closeness(in format: FloatFormat) throws -> Closeness {
    guard let tolerance else { return Closeness(rtol: rtol ?? 0, atol: atol ?? 0) }
    guard let closeness = KnownTolerances.named(tolerance)?.closeness(in: format) else {
      throw ValidationError("\(tolerance) has no tolerance for outputs in \(format).")
    }
    return closeness
  }

  private func family() throws -> Family {
    if let distribution = Distribution(rawValue: draw) {
      return .drawn(from: distribution, scale: scale, shift: shift)
    }
    guard let family = Families.named(draw) else {
      throw Suggestion.unknown(
        "draw", draw, among: Distribution.allCases.map(\.rawValue) + Families.all.map(\.name))
    }
    guard scale == 1, shift == 0 else {
      throw ValidationError("--scale and --shift are for normal and uniform logits.")
    }
    return family
  }

  private func fixtures(_ path: String) throws -> FixtureRows {
    let rows: FixtureRows
    do {
      rows = try FixtureRows(contentsOf: URL(filePath: path), for: function)
    } catch {
      throw error.failure(in: path)
    }
    guard rows.options.input == .logits else {
      throw ValidationError(
        "An audit goes by logits, and \(path) holds \(rows.options.input.rawValue).")
    }
    return rows
  }

  private func listing() throws -> String {
    if report == .json {
      return try ReportFormat.jsonText(KnownTolerances.all)
    }
    let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
    return KnownTolerances.all.map { known in
      let tolerances = known.tolerances.map { "\($0.format): rtol \($0.rtol), atol \($0.atol)" }
      return
        ([style.heading(known.name) + "  " + known.what, style.faint("  " + known.source)]
        + tolerances.map { "  \($0)" }).joined(separator: "\n")
    }.joined(separator: "\n") + "\n"
  }
}
