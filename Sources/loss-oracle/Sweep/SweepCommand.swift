internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossFunctions
internal import LossOracle
internal import Reference
internal import Sweeps
internal import Verification

/// `loss-oracle sweep`: every logit of a format.
struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Measure an implementation at every input of a format, and write a certificate.",
    discussion: """
      Takes the functions of one logit, with a hard label where they have a target and a grad_output of 1 \
      where they are multiplied by it, in float16, bfloat16 and float32: 2^16 logits, or 2^32. And the softmax, log-softmax, log-sum-exp, entropy and \
      cross-entropy of two classes and its gradient in float16 and bfloat16: all 2^32 pairs of logits, with --target 0 or 1 \
      for the class of a loss. With --paired-with, the functions of one logit and a second number in float16 and bfloat16: \
      all 2^32 pairs of a grad_output and a logit, or all of a target from 0 to 1 and a logit. And the binary cross-entropy \
      of probabilities or of their logarithms and its gradient, in float16 and bfloat16: all 2^16 numbers, of which 0, 1 \
      and what is no probability are counted apart, as infinite logits are.

        $ loss-oracle sweep softplus --implementation practical --output softplus.json
        $ loss-oracle sweep softplus --implementation practical --shard 2/8 --output 2.json
        $ loss-oracle sweep binary-cross-entropy --implementation p-log1p --format bfloat16 --target 0 --output p.json
        $ loss-oracle sweep sigmoid-gradient --implementation practical --format float16 --paired-with grad_output --output g.json
        $ loss-oracle sweep softplus --library ./kernels.so --symbol softplus --output all.json
        $ loss-oracle merge 1.json 2.json 3.json … --output all.json

      What is done is saved every two seconds, in the file to resume, or else in the output itself. \
      After a kill at any moment the same command with --resume goes on from there, and ends with the \
      same bytes.
      """)

  @Argument(help: "The function.")
  var function: LossFunction

  @Option(help: "A built-in implementation; loss-oracle list shows them.")
  var implementation: String?

  @OptionGroup var library: LibraryArguments

  @Option(help: "The format: \(FastTier.formats.map(\.name).joined(separator: ", ")).")
  var format = FloatFormat.float32

  @Option(help: "The label or class, 0 or 1, of a function with a target.")
  var target: Int?

  @Option(
    help: ArgumentHelp(
      "What goes through all its numbers with the logit: grad_output of a gradient, or the target of a binary cross-entropy.",
      valueName: SweepPartner.allCases.map(\.rawValue).joined(separator: "|")))
  var pairedWith: SweepPartner?

  @Option(
    help: """
      What the numbers are that a library takes: \(InputKind.argumentHelp). (default: logits; a built-in \
      implementation knows)
      """)
  var input: InputKind?

  @Option(help: ArgumentHelp("The part to do, counted from 1.", valueName: "I/N"))
  var shard = "1/1"

  @Option(
    help: "A state to go on from, and to save in; begun anew where there is none yet.",
    transform: OutputFolder.path)
  var resume: String?

  @Option(
    help: "The number of threads, at most 1024. (default: one for each core; for a library 1)",
    transform: Count.threads)
  var threads: Int?

  @Option(help: "How many seconds one call of a library may take; it is given many logits.")
  var timeout = 60.0

  @Flag(name: .customLong(LibrarySweep.childFlag), help: .hidden)
  var isChild = false

  @Option(help: "The certificate to write.", transform: OutputFolder.path)
  var output: String

  func validate() throws {
    guard timeout > 0, timeout <= 86400 else {
      throw ValidationError("--timeout must lie between 0 and 86400 seconds.")
    }
    guard (implementation == nil) != (library.library == nil) else {
      throw ValidationError("Give one of --implementation NAME, and --library PATH --symbol NAME.")
    }
    try library.requireWhole()
  }

  func run() async throws {
    let checkpoint = resume ?? output
    if let path = library.library, !isChild {
      // What is wrong with the arguments is told before anything runs.
      let subject = try subject()
      try library.find()
      let signature = try library.signature(for: contract(subject))
      guard signature.outputFormat(format) == format else {
        throw ValidationError("A sweep takes outputs in the format of the logits.")
      }
      return try await LibrarySweep(library: path, checkpoint: checkpoint, output: output).run()
    }
    guard isChild else { return try StandardStream.output.write(await sweep(checkpoint).summary) }
    let report = LibrarySweepReport()
    do {
      let (summary, misdeeds) = try await sweep(checkpoint, report)
      if !misdeeds.isEmpty { _ = StandardStream.failure(misdeeds, status: ExitStatus.fellShort) }
      report.write(status: misdeeds.isEmpty ? 0 : ExitStatus.fellShort, summary)
    } catch {
      report.write(status: Self.exitCode(for: error).rawValue)
      throw error
    }
  }

  /// Sweeps, and says what came of it, and what a library has done that it may not.
  private func sweep(
    _ checkpoint: String, _ report: LibrarySweepReport? = nil
  ) async throws -> (summary: String, misdeeds: String) {
    let subject = try subject()
    let implementation = try underTest(subject)
    let library = implementation as? LibraryImplementation
    if let library { report?.watch(library, limit: .seconds(timeout)) }
    let plan = try plan(subject, implementation)
    // A library need not be made to be called from several threads.
    let coreCount = library == nil ? ProcessInfo.processInfo.activeProcessorCount : 1
    let sweep = Sweep(plan, threadCount: threads ?? coreCount)
    let progress = ProgressLine(
      "sweeping", unit: plan.subject.numberCount == 1 ? "logits" : "pairs")
    defer { progress.finish() }
    do {
      let lock = try SweepLock(of: checkpoint)
      defer { withExtendedLifetime(lock) {} }
      let state = try sweep.state(resuming: resume)
      let before = Int(state.done - state.first)
      let (result, _) = try await Interruption.cancelling(alsoAtEndOfInput: isChild) {
        try await sweep.run(from: state, checkpoint: checkpoint) { done, total in
          progress.update(Int(done), Int(total), before: before)
        }
      }
      progress.finish()
      guard result.isComplete else {
        throw StandardStream.failure(
          "interrupted; go on with --resume \(checkpoint)", status: ExitStatus.interrupted)
      }
      if checkpoint != output { try result.write(to: output) }
      let misdeeds = library?.misdeeds.joined(separator: "; ") ?? ""
      return (result.summary, misdeeds.isEmpty ? "" : "\(library?.source ?? "") \(misdeeds)")
    } catch let error as SweepFileError {
      progress.finish()
      throw error.failure
    }
  }

  /// What a library is asked for.
  private func contract(_ subject: SweepSubject) -> CheckContract {
    var contract = CheckContract(function, in: format)
    contract.options = subject.options
    return contract
  }

  /// The built-in implementations of the function.
  private var known: [any Implementation] {
    Implementations.all.filter { $0.function == function }
  }

  private func subject() throws -> SweepSubject {
    let builtIn = known.first { $0.name == implementation }
    if let input { try function.requireInput(input) }
    let input = builtIn?.input ?? input ?? .logits
    if let given = self.input, given != input {
      throw ValidationError(
        "The implementation \"\(implementation ?? "")\" takes \(input.rawValue), not \(given.rawValue)."
      )
    }
    if let subject = SweepSubject(function, label: target, input: input, partner: pairedWith) {
      return subject
    }
    if let pairedWith {
      let isOfFunction = [nil, 0].contains {
        SweepSubject(function, label: $0, partner: pairedWith) != nil
      }
      guard input == .logits, isOfFunction else {
        throw ValidationError(
          "\(function) of \(input.rawValue) is not paired with \(pairedWith.rawValue).")
      }
      let takesTarget = function.hasTarget && pairedWith != .target
      throw ValidationError(
        "\(function) paired with \(pairedWith.rawValue) takes \(takesTarget ? "--target 0 or --target 1" : "no --target")."
      )
    }
    let isOfTwo = [nil, 0].contains { SweepSubject(function, label: $0) != nil }
    guard isOfTwo else {
      throw ValidationError(
        "\(function) is a function of a row; sweeps take those of one logit, and of two the softmax, log-softmax, log-sum-exp, entropy and cross-entropy."
      )
    }
    throw ValidationError(
      "\(function) takes \(function.hasTarget ? "--target 0 or --target 1" : "no --target").")
  }

  private func underTest(_ subject: SweepSubject) throws -> any Implementation {
    let contract = contract(subject)
    if let (path, symbol) = library.names {
      do {
        return try LibraryImplementation(
          function, library: path, symbol: symbol, signature: library.signature(for: contract),
          options: contract.options)
      } catch let error as ProgramError {
        let failure = StandardStream.failure(error.description, status: ExitStatus.unavailable)
        try library.advise(contract)
        throw failure
      }
    }
    guard let builtIn = known.first(where: { $0.name == implementation }) else {
      throw Suggestion.unknown(
        "implementation of \(function)", implementation ?? "", among: known.map(\.name))
    }
    return builtIn
  }

  private func plan(
    _ subject: SweepSubject, _ implementation: any Implementation
  ) throws -> SweepPlan {
    let parts = shard.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else {
      throw ValidationError("--shard is written I/N, such as 2/8.")
    }
    do {
      return try SweepPlan(
        implementation: implementation, subject: subject, format: format, shard: index, of: count)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}

extension SweepFileError {
  /// The error that ends the command.
  var failure: ExitCode {
    let status =
      switch self {
      case .unreadable: ExitStatus.noInput
      case .unwritable, .inUse: ExitStatus.cannotCreate
      default: ExitStatus.badData
      }
    return StandardStream.failure(description, status: status)
  }
}
