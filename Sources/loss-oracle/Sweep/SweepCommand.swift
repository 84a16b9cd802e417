internal import ArgumentParser
internal import FastTier
internal import Foundation
internal import LossOracle
internal import Sweeps

/// `loss-oracle sweep`: every logit of a format.
struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Measure an implementation at every logit of a format, and write a certificate.",
    discussion: """
      Takes the functions of one logit, with a hard label where they have a target, in float16, \
      bfloat16 and float32: 2^16 logits, or 2^32.

        $ loss-oracle sweep softplus --implementation practical --output softplus.json
        $ loss-oracle sweep softplus --implementation practical --shard 2/8 --output 2.json
        $ loss-oracle merge 1.json 2.json 3.json … --output all.json

      What is done is saved every two seconds, in the file to resume, or else in the output itself. \
      After a kill at any moment the same command with --resume goes on from there, and ends with the \
      same bytes.
      """)

  @Argument(help: "The function.")
  var function: LossFunction

  @Option(help: "The implementation; loss-oracle list shows them.")
  var implementation: String

  @Option(help: "The format: \(FastTier.formats.map(\.name).joined(separator: ", ")).")
  var format = FloatFormat.float32

  @Option(help: "The label, 0 or 1, of a function with a target.")
  var target: Int?

  @Option(help: ArgumentHelp("The part to do, counted from 1.", valueName: "I/N"))
  var shard = "1/1"

  @Option(help: "A state to go on from, and to save in; begun anew where there is none yet.")
  var resume: String?

  @Option(help: "The number of threads. (default: one for each core)")
  var threads: Int?

  @Option(help: "The certificate to write.")
  var output: String

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func run() async throws {
    let sweep = Sweep(
      try plan(), threadCount: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let checkpoint = resume ?? output
    let progress = ProgressLine("sweeping", unit: "logits")
    defer { progress.finish() }
    do {
      let state = try sweep.state(resuming: resume)
      let before = Int(state.done - state.first)
      let (result, _) = try await Interruption.cancelling {
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
      try StandardStream.output.write(result.summary)
    } catch let error as SweepFileError {
      progress.finish()
      throw error.failure
    }
  }

  private func plan() throws -> SweepPlan {
    guard let oneLogit = OneLogitFunction(function, label: target) else {
      throw ValidationError(
        function.isBinary
          ? "\(function) takes \(function.hasTarget ? "--target 0 or --target 1" : "no --target")."
          : "\(function) is a function of a row; sweeps take those of one logit.")
    }
    let known = Implementations.all.filter { $0.function == function }
    guard let subject = known.first(where: { $0.name == implementation }) else {
      let names = known.map(\.name).joined(separator: ", ")
      throw ValidationError(
        "There is no implementation \"\(implementation)\" of \(function); there are \(names).")
    }
    let parts = shard.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else {
      throw ValidationError("--shard is written I/N, such as 2/8.")
    }
    do {
      return try SweepPlan(
        implementation: subject, function: oneLogit, format: format, shard: index, of: count)
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
      case .unwritable: ExitStatus.cannotCreate
      default: ExitStatus.badData
      }
    return StandardStream.failure(description, status: status)
  }
}
