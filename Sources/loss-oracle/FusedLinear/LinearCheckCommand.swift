internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// `loss-oracle check linear-cross-entropy`: someone else's losses and gradients of a linear layer.
struct CheckLinear: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-\(linearCrossEntropyName)",
    abstract: "Check someone else's losses and gradients of a linear layer.",
    discussion: """
      A live program answers questions on stdin and stdout, a C library has a function for each quantity, and a \
      file of outputs was computed elsewhere:

        $ loss-oracle check linear-cross-entropy -- python3 my_layer.py
        $ loss-oracle check linear-cross-entropy --library ./libkernels.so --symbol my_loss
        $ loss-oracle check linear-cross-entropy --fixtures layer.safetensors --outputs computed.safetensors

      The fixtures are what generate or evaluate linear-cross-entropy reads and writes. The outputs are a \
      safetensors file with some of the tensors loss (or outputs), hidden_gradient, weight_gradient and \
      bias_gradient. By default each may be as far off as a matrix product summed in float32 brings it.
      """, shouldDisplay: false)

  @Option(help: "The safetensors file of the layer.")
  var fixtures: String?

  @Option(help: "The safetensors file of what was computed.")
  var outputs: String?

  @OptionGroup var what: LinearArguments
  @OptionGroup var live: LinearLiveArguments

  @OptionGroup var reports: ReportArguments

  @Option(help: "What passes: correctly-rounded, faithful, ulp:N or common. (default: common)")
  var claim: Grade?

  @Option(help: "The same as --claim ulp:N.")
  var maxUlp: Double?

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var command: [String] = []

  func validate() throws {
    if claim != nil, maxUlp != nil { throw ValidationError("Give --claim or --max-ulp, not both.") }
    if let maxUlp, !(maxUlp >= 0) { throw ValidationError("--max-ulp must not be negative.") }
    if case .roundedFrom = claim {
      throw ValidationError("--claim rounded-from is not one of the fused loss.")
    }
    guard [!command.isEmpty, live.library != nil, fixtures != nil].count(where: { $0 }) == 1
    else {
      throw ValidationError(
        "Give what to check, one of: -- COMMAND ARG…; --library PATH --symbol NAME; "
          + "--fixtures FILE --outputs FILE.")
    }
    guard (fixtures == nil) == (outputs == nil) else {
      throw ValidationError("--fixtures and --outputs go together.")
    }
    if fixtures != nil { try live.requireNone() } else { _ = try contract(replaying: nil) }
  }

  /// What passes.
  private func grade(_ kept: String?) throws -> Grade {
    if let given = maxUlp.map(Grade.ulps) ?? claim { return given }
    guard let kept else { return .common }
    do {
      return try Grade(claim: kept)
    } catch {
      throw StandardStream.failure("the layer to replay: \(error)", status: ExitStatus.badData)
    }
  }

  private func contract(replaying file: LinearFile?) throws -> LinearContract {
    let format = live.format ?? file?.format ?? .float32
    guard format.isWithinFloat32 else {
      throw ValidationError("A linear layer is in at most 32 bits, not \(format).")
    }
    let settings = try file.map(what.settings)
    let reduction = settings?.reduction ?? what.reduction ?? .none
    return LinearContract(
      in: format, outputFormat: live.outputFormat ?? file?.outputFormat,
      options: try settings?.options ?? what.options(reduction, in: format), reduction: reduction,
      claim: try grade(file?.claim))
  }

  /// What is checked, as reports call it.
  private var subject: String {
    outputs ?? live.names.map { "\($0.library): \($0.symbol)" }
      ?? command.joined(separator: " ")
  }

  func run() async throws {
    try reports.prepare()
    if let path = live.saveWitness { try OutputFolder.prepare(path) }
    if let fixtures, let outputs { return try runOnFiles(fixtures, outputs) }
    let replayed = try live.replay.map(LinearArguments.read)
    let contract = try contract(replaying: replayed)
    let plan = try live.plan(contract, replaying: replayed)
    let program = LinearProgram(
      try live.programCommand(command, plan), named: live.library,
      timeout: .seconds(live.timeout), startTimeout: .seconds(live.startTimeout))
    let trial = LinearTrial(program, named: subject, contract, plan)
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (LinearTrialResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling(after: live.budget) {
        try await program.start(with: plan.easyInput(for: contract), contract)
        return try await trial.run { progress.update($0, $1) }
      }
    } catch let error as ProgramError {
      progress.finish()
      throw StandardStream.failure(error.description, status: ExitStatus.unavailable)
    } catch let error as InputError {
      progress.finish()
      throw ValidationError("\(error)")
    }
    progress.finish()
    await program.finish()
    try finish(result, wasInterrupted: wasInterrupted)
  }

  /// Writes what was found, and ends with the status that it comes to.
  private func finish(_ result: LinearTrialResult, wasInterrupted: Bool = false) throws {
    let line = CommandLineText(
      all: CommandLine.arguments.dropFirst().map(\.self), subject: live.words(command))
    try reports.writeTable(result)
    try reports.write(result, again: line.again) { finding in
      // Only the first is kept, and that of files is there.
      fixtures == nil && finding.quantity == result.findings.first?.quantity
        ? line.replay(keptIn: live.saveWitness) : ""
    } keep: {
      guard let path = live.saveWitness, let finding = result.findings.first else { return }
      try LinearArguments.writing {
        var tensors = LinearTensors()
        try tensors.add(finding.input, in: result.contract.format)
        try tensors.write(to: path, metadata: result.contract.metadata(of: finding))
      }
    }
    if wasInterrupted {
      throw StandardStream.failure(
        "interrupted; the report holds what was done", status: ExitStatus.interrupted)
    }
    switch result.verdict {
    case .passed: return
    case .fellShort: throw ExitCode(ExitStatus.fellShort)
    case .incomplete, .inconclusive:
      throw StandardStream.failure(
        "\(result.verdict.rawValue): \(result.shortfall)", status: ExitStatus.unavailable)
    }
  }

  private func runOnFiles(_ fixtures: String, _ outputs: String) throws {
    let file = try LinearArguments.read(fixtures)
    let settings = try what.settings(file)
    let computed: [LinearOutputs]
    do {
      computed = try LinearOutputs.reading(
        URL(filePath: outputs), input: file.input, reduction: settings.reduction)
    } catch {
      throw error.failure(in: outputs)
    }
    let contract = LinearContract(
      in: file.format, outputFormat: computed.first?.values.format, options: settings.options,
      reduction: settings.reduction, claim: try grade(nil))
    var result = LinearTrialResult(contract, subjectName: subject, seed: nil)
    for one in computed {
      let exact = try LinearArguments.exact(
        one.quantity, file.input, settings, in: one.values.format)
      let check = contract.check(one.values, one.quantity, of: file.input, against: exact)
      result.add(check, of: file.input)
      guard check.verdict == .fellShort else { continue }
      result.diagnoses += LinearDiagnosis.diagnoses(of: [
        LinearEvidence(one.quantity, of: file.input, one.values, against: exact, contract)
      ])
    }
    let logits = file.input.rowCount.multipliedReportingOverflow(by: file.input.classCount)
    if !logits.overflow, logits.partialValue < 1 << 31 {
      result.notes.append(
        "not tried: an index of 32 bits, which overflows from 2147483648 logits on; here are "
          + "\(logits.partialValue)")
    }
    try finish(result)
  }
}

extension LinearContract {
  /// What is said of a layer that is kept.
  fileprivate func metadata(of finding: LinearFinding) -> [String: String] {
    [
      "generator": "loss-oracle", "version": PackageVersion.current,
      "function": linearCrossEntropyName, "format": format.name, "family": finding.family,
      "reduction": reduction.rawValue, "options": finding.options.text,
      "quantity": finding.quantity.rawValue, "output_format": outputFormat.name,
      "claim": claim.rawValue, "failure": finding.failure.message,
    ]
  }
}
