internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// `loss-oracle verify`: the built-in implementations against the oracle.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Verify the built-in implementations against the exact values.",
    discussion: """
      Every built-in implementation × function × format × family: the cases at which one has failed \
      before, random cases of the families that are named by --family, and the logits of classifiers \
      trained on real data. Infinite and \
      NaN logits, rows of 100,000 classes, and the exhaustive families are left out unless they are \
      named. An error \
      is given in ulps, units in the last place of the format at the exact value; it is inf where \
      the output is infinite or NaN and the exact value is not.

      The same seed gives the same table, on any number of threads. The exit status is 0 when the \
      run completes: that the naive forms fail is the result, not an error.
      """)

  @Option(help: "The number of cases of each random family.", transform: Count.cases)
  var cases = 1000

  @Option(help: "The seed of the random cases.")
  var seed: UInt64 = 1

  @Option(help: "The number of classes of the random categorical cases.", transform: Count.classes)
  var classes = 10

  @Option(name: .customLong("function"), help: "Only this function (repeatable).")
  var functions: [LossFunction] = []

  @Option(
    name: .customLong("format"),
    help: "Only this format (repeatable): \(Self.formats.map(\.name).joined(separator: ", ")).")
  var formatNames: [FloatFormat] = []

  @Option(
    name: .customLong("family"),
    help: """
      Only this family (repeatable): \(Self.list(Families.random.map(\.name))), witnesses (cases \
      at which an implementation has failed before), or the name of a file of real logits in \
      Fixtures/logits. Only where named: \
      \(Self.list((Families.large + Families.special + Families.exhaustive).map(\.name))).
      """)
  var familyNames: [String] = []

  @Option(
    name: .customLong("implementation"),
    help: """
      Only implementations of this name (repeatable): \
      \(Self.list(Implementations.all.map(\.name))).
      """)
  var implementationNames: [String] = []

  @Option(
    help: "The number of threads, at most 1024. (default: one for each core)",
    transform: Count.threads)
  var threads: Int?

  @Option(
    help: """
      What to show: page (the answer in one), format (each form in each format) or family (each form in \
      each format and family).
      """)
  var by = Detail.page

  @Option(
    help: "A folder to write report.json to, and the reports of --report.",
    transform: OutputFolder.path)
  var output: String?

  @Option(
    name: .customLong("report"),
    help: "A report to write beside it (repeatable): markdown, junit or html.")
  var reports: [ReportFormat] = []

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  /// How much is shown.
  enum Detail: String, CaseIterable, ExpressibleByArgument {
    case page, format, family
  }

  static let formats: [FloatFormat] = FloatFormat.catalogue.filter { $0.scalarType != nil }

  func validate() throws {
    if !reports.isEmpty, output == nil {
      throw ValidationError("--report takes --output, the folder that reports go to.")
    }
    for format in formatNames where format.scalarType == nil {
      throw ValidationError(
        "The built-in implementations do not compute in \(format); they do in "
          + "\(Self.formats.map(\.name).joined(separator: ", ")).")
    }
    try Self.requireKnown(
      implementationNames, among: Implementations.all.map(\.name), what: "implementation")
  }

  func run() async throws {
    let plan = try plan()
    if let output {
      try OutputFolder(path: output).prepare(([.json] + reports).map(\.fileName))
    }
    let threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let progress = ProgressLine("verifying")
    let (rows, wasInterrupted): ([VerificationRow], Bool)
    do {
      (rows, wasInterrupted) = try await Interruption.cancelling {
        try await plan.run(threadCount: threadCount) { progress.update($0, $1) }
      }
    } catch let error as ReferenceError {
      progress.finish()
      throw StandardStream.failure(error.description, status: ExitStatus.badData)
    }
    progress.finish()
    let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
    let text =
      switch by {
      case .page:
        VerificationPage(rows: rows, style: style).text(
          seed: plan.seed, mpfr: MPFRLibrary.version)
      case .format, .family:
        VerificationTable(rows: rows, isByFamily: by == .family, style: style).text(
          seed: plan.seed, mpfr: MPFRLibrary.version)
      }
    try StandardStream.output.write(text)
    if let output { try writeReports(rows, plan, to: output) }
    if wasInterrupted {
      throw StandardStream.failure(
        "interrupted; the table holds what was complete", status: ExitStatus.interrupted)
    }
  }

  private func plan() throws -> VerificationPlan {
    let families = try selectedFamilies()
    let implementations = Implementations.all.filter {
      (functions.isEmpty || functions.contains($0.function))
        && (implementationNames.isEmpty || implementationNames.contains($0.name))
    }
    // In the catalogue's order and each once, however they were named.
    let formats = Self.formats.filter { formatNames.isEmpty || formatNames.contains($0) }
    let plan = VerificationPlan(
      implementations: implementations, formats: formats, families: families, caseCount: cases,
      classCount: classes, seed: seed)
    guard !plan.cells.isEmpty else {
      throw ValidationError(
        "Nothing to verify: no implementation, function, format and family go together.")
    }
    return plan
  }

  private func selectedFamilies() throws -> [Family] {
    // What is recorded is read where it is asked for.
    let made = Families.all.filter { familyNames.contains($0.name) }
    if !familyNames.isEmpty, Set(familyNames) == Set(made.map(\.name)) { return made }
    let trainedFamilies = try TrainedLogits.shipped().map(\.family)
    let witnesses = try WitnessDatabase.shipped.family()
    // Infinite and NaN logits are conventions rather than errors in ulps, and long rows and the
    // exhaustive families take minutes: all are run where they are asked for.
    // What has failed before comes first.
    guard !familyNames.isEmpty else { return [witnesses] + Families.random + trainedFamilies }
    let all = [witnesses] + Families.all + trainedFamilies
    try Self.requireKnown(familyNames, among: all.map(\.name), what: "family")
    return all.filter { familyNames.contains($0.name) }
  }

  private static func requireKnown(_ names: [String], among known: [String], what: String) throws {
    for name in names where !known.contains(name) {
      throw Suggestion.unknown(what, name, among: known)
    }
  }

  /// The names, each once, in their order.
  private static func list(_ names: [String]) -> String {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }.joined(separator: ", ")
  }

  private func writeReports(
    _ rows: [VerificationRow], _ plan: VerificationPlan, to folder: String
  ) throws {
    let data = VerificationReport(plan, rows: rows)
    let document = ReportDocument(plan, rows: rows)
    // The JSON is written in any case.
    for format in [.json] + reports.filter({ $0 != .json }) {
      let text = try format.text(data, document)
      try OutputFolder(path: folder).write(Data(text.utf8), to: format.fileName)
    }
  }
}
