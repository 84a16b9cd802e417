internal import ArgumentParser
internal import Foundation
internal import LossOracle
internal import RecordedBounds

/// Renews the recorded bounds of this platform and shows the difference.
@main
struct RecordBounds: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record-bounds",
    abstract: "Renew the recorded error bounds of the built-in implementations on this platform.",
    discussion: """
      Shows the entries that differ from the ones that stand. The exit status is 1 where one grew \
      or fails in a new way, and the file is then only written with --accept.
      """)

  @Option(help: "The number of cases of each family; ten times as many of one logit.")
  var cases = 2000

  @Option(help: "The number of cases that are searched for each entry.")
  var searched = 500

  @Option(help: "The seed.")
  var seed: UInt64 = 2026

  @Option(help: "The number of classes of the random categorical cases.")
  var classes = 10

  @Option(help: "The folder of bounds.")
  var folder: String

  @Flag(help: "Write the file even where a bound grew.")
  var accept = false

  @Flag(help: "Record only implementations that have no entries yet, and keep the others'.")
  var new = false

  @Option(
    name: .customLong("form"),
    help: "Record only this form, FUNCTION/NAME or NAME (repeatable), and keep the others' entries."
  )
  var forms: [String] = []

  @Flag(help: "Only show the difference.")
  var dryRun = false

  func run() async throws {
    let platform = Platform.current
    let url = URL(filePath: folder, directoryHint: .isDirectory)
      .appending(path: "\(platform.name).jsonl")
    let standing =
      FileManager.default.fileExists(atPath: url.path) ? try BoundsFile(contentsOf: url) : nil
    let old = standing?.records ?? []
    let header = BoundsFile.Header(
      platform: platform, machine: Self.machine, seed: seed, cases: cases, classes: classes,
      searched: searched)
    if new || !forms.isEmpty, let standing, !header.isAlike(standing.header) {
      throw ValidationError("entries are kept, so record with what the header of \(url.path) says")
    }
    let implementations = try chosen(old)
    let renewed = Set(implementations.map(Self.name))
    let kept =
      new || !forms.isEmpty
      ? old.filter { !renewed.contains("\($0.key.function)/\($0.key.implementation)") } : []
    // Cases of one logit cost a tenth, and their largest errors are rare.
    let made =
      try await records(implementations.filter(\.function.isBinary), cases: 10 * cases)
      + records(implementations.filter { !$0.function.isBinary }, cases: cases)
    let records = (kept + made).sorted { $0.key.sortingKey < $1.key.sortingKey }
    let comparison = BoundsComparison(old: old, new: records)
    show(comparison, count: records.count)
    let isWorse = comparison.changes.contains { $0.kind == .grew || $0.kind == .worseKind }
    if !dryRun, accept || !isWorse {
      try BoundsFile(header: header, records: records).write(to: url)
      print("wrote \(url.path)")
    }
    if isWorse, !accept { throw ExitCode(1) }
  }

  /// What to record: what is named, and with `--new` of that only what has no entries.
  private func chosen(_ old: [BoundRecord]) throws -> [any Implementation] {
    if let unknown = forms.first(where: { form in
      !Implementations.all.contains { Self.isNamed($0, form) }
    }) {
      throw ValidationError("no form is named \(unknown): loss-oracle list shows them")
    }
    let recorded = Set(new ? old.map { "\($0.key.function)/\($0.key.implementation)" } : [])
    return Implementations.all.filter { implementation in
      !recorded.contains(Self.name(implementation))
        && (forms.isEmpty || forms.contains { Self.isNamed(implementation, $0) })
    }
  }

  private static func name(_ implementation: any Implementation) -> String {
    "\(implementation.function.rawValue)/\(implementation.name)"
  }

  private static func isNamed(_ implementation: any Implementation, _ form: String) -> Bool {
    form == implementation.name || form == name(implementation)
  }

  private func records(
    _ implementations: [any Implementation], cases: Int
  ) async throws -> [BoundRecord] {
    let plan = VerificationPlan(
      implementations: implementations, formats: LossScalars.all.map { $0.format },
      families: BoundsRecording.families, caseCount: cases, classCount: classes, seed: seed)
    return try await BoundsRecording(plan, searchCount: searched).records(
      threadCount: ProcessInfo.processInfo.activeProcessorCount
    ) { done, total in
      guard isatty(STDERR_FILENO) == 1 else { return }
      let line = "\rrecording  \(done * 100 / total) %" + (done == total ? "\n" : "")
      try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
  }

  private func show(_ comparison: BoundsComparison, count: Int) {
    for kind in BoundsComparison.Kind.allCases {
      let changes = comparison.changes.filter { $0.kind == kind }
      guard !changes.isEmpty else { continue }
      print("\(changes.count) of \(count) \(kind.rawValue)")
      // Thousands of new entries say nothing one by one.
      guard kind != .added || changes.count <= 40 else { continue }
      for change in changes {
        let key = change.key
        print(
          "  \(key.function) \(key.format) \(key.family) \(key.implementation): "
            + "\(Self.text(change.old)) -> \(Self.text(change.new))")
      }
    }
    if comparison.changes.isEmpty { print("no difference") }
  }

  private static func text(_ ulps: Double?) -> String {
    ulps.map { String(format: "%.4g ulp", $0) } ?? "none"
  }

  /// The processor, as the system names it.
  private static var machine: String {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    return [name ?? "unknown processor", ProcessInfo.processInfo.operatingSystemVersionString]
      .joined(separator: ", ")
  }
}
