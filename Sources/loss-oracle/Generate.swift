internal import ArgumentParser
internal import Foundation
internal import LossOracle

/// `loss-oracle generate`: cases with their exact values, for suites in any language.
struct Generate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write fixtures: cases with their exact, correctly rounded values.",
    discussion: """
      A name that ends in .json gets JSON for people and small sets: every case with an id, its \
      family, flags that say why it is there, and inputs and expected values as hexadecimal \
      floats. One that ends in .safetensors gets tensors in bulk: logits, targets and expected, \
      one row a case. Its rows have one number of classes and one kind of target.

      A linear layer fused with its loss has files of its own: \
      loss-oracle generate linear-cross-entropy --help.

      The same arguments give the same bytes, on any number of threads. A case depends on its \
      family, its place in it and the seed, as in verify. The file appears when it is complete; \
      one that is there before is replaced.
      """)

  @Option(help: "The function.")
  var function: LossFunction

  @Option(help: "The format of inputs and expected values: \(FloatFormat.argumentHelp).")
  var format = FloatFormat.float32

  @Option(
    help: """
      What the numbers of a case are: \(InputKind.argumentHelp). (default: logits, or what the options say)
      """)
  var input: InputKind?

  @Option(
    name: .customLong("options"), parsing: .unconditional,
    help: "The options of the function, as a JSON object: '{\"softcap\": 30}'.")
  var optionText: String?

  @Option(
    name: .customLong("family"),
    help: """
      Only this family (repeatable): \(Families.all.map(\.name).joined(separator: ", ")). \
      Without, all random ones that fit into the file. One without cases of the function and format \
      is left out.
      """)
  var familyNames: [String] = []

  @Option(help: "The number of cases, shared evenly by the families.", transform: Count.cases)
  var count = 1000

  @Option(help: "The number of classes of the categorical cases.", transform: Count.classes)
  var classes = 10

  @OptionGroup var layout: LayoutArguments

  @Option(help: "The seed of the random cases.")
  var seed: UInt64 = 1

  @Option(
    help: "The number of threads, at most 1024. (default: one for each core)",
    transform: Count.threads)
  var threads: Int?

  @Option(help: "The file to write, FILE.json or FILE.safetensors.", transform: OutputFolder.path)
  var output: String

  private var isJSON: Bool { output.lowercased().hasSuffix(".json") }

  func validate() throws {
    guard isJSON || output.lowercased().hasSuffix(".safetensors") else {
      throw ValidationError("--output must end in .json or .safetensors.")
    }
    if let input { try function.requireInput(input) }
    if try layout.layout(for: function)?.inner != nil, isJSON {
      throw ValidationError("Cases in JSON stand by themselves: --class-axis is for .safetensors.")
    }
    for name in familyNames where Families.named(name) == nil {
      throw Suggestion.unknown("family", name, among: Families.all.map(\.name))
    }
  }

  func run() async throws {
    let plan = try plan()
    let threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let (path, isJSON) = (output, isJSON)
    let progress = ProgressLine("generating")
    defer { progress.finish() }
    let written: FixturePlan
    do {
      (written, _) = try await Interruption.cancelling {
        if isJSON {
          try await plan.writeJSON(to: path, threadCount: threadCount, progress: progress.update)
        } else {
          try await plan.writeSafetensors(
            to: path, threadCount: threadCount, progress: progress.update)
        }
      }
    } catch {
      progress.finish()
      throw Self.failure(error)
    }
    progress.finish()
    if let note = Self.note(on: written, of: plan) { try StandardStream.error.write(note) }
  }

  private static let namedCount = 8

  /// What is left out, and why.
  private static func note(on written: FixturePlan, of plan: FixturePlan) -> String? {
    let undecided = written.undecidedCases
    guard !undecided.isEmpty else { return nil }
    let names = undecided.prefix(namedCount).joined(separator: ", ")
    let rest = undecided.count > namedCount ? ", …" : ""
    var text =
      "left out: \(undecided.count) of \(plan.caseCount) cases, whose exact values no theorem settles and "
      + "4096 bits do not decide (\(names)\(rest))"
    let excess = plan.caseCount - undecided.count - written.caseCount
    if excess > 0 { text += "; and the last \(excess), which would fill no block" }
    return text + "\n"
  }

  private func plan() throws -> FixturePlan {
    var options = LossOptions()
    do {
      if let optionText {
        options = try LossOptions(parsing: optionText, for: function, in: format)
      }
    } catch {
      throw ValidationError("--options: \(error).")
    }
    options.input = input ?? options.input
    // In the catalogue's order and each once, however they were named.
    let families =
      familyNames.isEmpty
      ? FixturePlan.usualFamilies(
        for: function, in: format, options: options, asTensors: !isJSON)
      : Families.all.filter { familyNames.contains($0.name) }
    do {
      let plan = try FixturePlan(
        function: function, format: format, options: options, families: families,
        caseCount: count,
        classCount: classes, seed: seed)
      return switch layout.classAxis {
      case .zero: try plan.withClassesFirst(inner: layout.inner)
      case .one: try plan.laidOut(inner: layout.inner)
      default: plan
      }
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// The error that ends the command for one of the library's.
  private static func failure(_ error: any Error) -> any Error {
    switch error {
    case is CancellationError:
      StandardStream.failure("interrupted; nothing is written", status: ExitStatus.interrupted)
    case let error as FixturePlanError: ValidationError("\(error)")
    case let error as SafetensorsError: ValidationError("\(error)")
    case let error as FileWriteError:
      switch error {
      case .cannotCreate:
        StandardStream.failure("\(error)", status: ExitStatus.cannotCreate)
      case .cannotWrite:
        StandardStream.failure("\(error)", status: ExitStatus.inputOutputError)
      }
    case let error as ReferenceError:
      StandardStream.failure(error.description, status: ExitStatus.badData)
    default: error
    }
  }
}
