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
    guard [!command.isEmpty, live.named.library != nil, fixtures != nil].count(where: { $0 }) == 1
    else {
      throw ValidationError(
        "Give what to check, one of: -- COMMAND ARG…; --library PATH --symbol NAME; "
          + "--fixtures FILE --outputs FILE.")
    }
    guard (fixtures == nil) == (outputs == nil) else {
      throw ValidationError("--fixtures and --outputs go together.")
    }
    if fixtures != nil { try live.requireNone() } else { _ = try contract }
  }

  /// What passes.
  private var grade: Grade { maxUlp.map { .ulps($0) } ?? claim ?? .common }

  private var contract: LinearContract {
    get throws {
      let format = live.format ?? .float32
      guard format.isWithinFloat32 else {
        throw ValidationError("A linear layer is in at most 32 bits, not \(format).")
      }
      return LinearContract(
        in: format, outputFormat: live.outputFormat, options: try what.givenOptions(in: format),
        reduction: what.reduction ?? .none, claim: grade)
    }
  }

  func run() async throws {
    if let fixtures, let outputs { return try runOnFiles(fixtures, outputs) }
    let contract = try contract
    let program = LinearProgram(
      try live.programCommand(command), named: live.named.library,
      timeout: .seconds(live.timeout), startTimeout: .seconds(live.startTimeout))
    let plan = try live.plan(contract)
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (LinearTrialResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling(after: live.budget) {
        try await program.start(with: plan.easyInput(for: contract), contract)
        return try await LinearTrial(program, contract, plan).run { progress.update($0, $1) }
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
    let name =
      live.named.names.map { "\($0.library): \($0.symbol)" } ?? command.joined(separator: " ")
    try StandardStream.output.write(text(result, of: name, seed: plan.seed))
    if let path = live.saveLayer, let finding = result.findings.first {
      try LinearArguments.writing {
        var tensors = LinearTensors()
        try tensors.add(finding.input, in: contract.format)
        try tensors.write(
          to: path,
          metadata: [
            "function": linearCrossEntropyName, "format": contract.format.name,
            "reduction": contract.reduction.rawValue, "options": finding.options.text,
          ])
      }
    }
    if wasInterrupted {
      throw StandardStream.failure("interrupted", status: ExitStatus.interrupted)
    }
    switch result.verdict {
    case .passed: return
    case .fellShort: throw ExitCode(ExitStatus.fellShort)
    case .incomplete, .inconclusive:
      let reason = result.leftOut.keys.sorted().first ?? "it was asked nothing"
      throw StandardStream.failure(
        "\(result.verdict.rawValue): \(reason)", status: ExitStatus.unavailable)
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
    var checks: [LinearCheck] = []
    for one in computed {
      let exact = try LinearArguments.exact(
        one.quantity, file.input, settings, in: one.values.format)
      let contract = LinearContract(
        in: file.format, outputFormat: one.values.format, options: settings.options,
        reduction: settings.reduction, claim: grade)
      let check = contract.check(one.values, one.quantity, of: file.input, against: exact)
      checks.append(check)
      var text = check.text(
        one.values.format, shape: one.quantity.shape(file.input, settings.reduction))
      if check.verdict == .fellShort {
        let evidence = LinearEvidence(
          one.quantity, of: file.input, one.values, against: exact, contract)
        for diagnosis in LinearDiagnosis.diagnoses(of: [evidence]) {
          text += "  mistake: \(diagnosis.text)\n"
        }
      }
      try StandardStream.output.write(text)
    }
    let logits = file.input.rowCount.multipliedReportingOverflow(by: file.input.classCount)
    if !logits.overflow, logits.partialValue < 1 << 31 {
      try StandardStream.output.write(
        "not tried: an index of 32 bits, which overflows from 2147483648 logits on; here are "
          + "\(logits.partialValue)\n")
    }
    try finish(checks)
  }

  /// Says what the checks come to, and ends with its status.
  private func finish(_ checks: [LinearCheck]) throws {
    if checks.contains(where: { $0.verdict == .fellShort }) {
      try StandardStream.output.write("fell short\n")
      throw ExitCode(ExitStatus.fellShort)
    }
    if let check = checks.first(where: { $0.verdict == .incomplete }) {
      try StandardStream.output.write("\(Verdict.incomplete.rawValue)\n")
      throw StandardStream.failure(
        "incomplete: of \(check.quantity.rawValue) nothing was compared, as no theorem settles its exact values",
        status: ExitStatus.unavailable)
    }
    let undecided = checks.reduce(0) { $0 + $1.undecidedCount }
    try StandardStream.output.write(
      undecided > 0 ? "passed; \(undecided) outputs left out, undecided\n" : "passed\n")
  }

  private func text(_ result: LinearTrialResult, of name: String, seed: UInt64) -> String {
    var table = TextTable([
      ("family", .left), ("quantity", .left), ("layers", .right), ("outputs", .right),
      ("max ulp", .right), ("of common", .right), ("", .left),
    ])
    let contract = result.contract
    for stage in result.stages {
      let isCommon = contract.claim == .common
      table.append([
        .init(text: stage.family), .init(text: stage.quantity.rawValue),
        .init(text: "\(stage.layerCount)"), .init(text: "\(stage.outputCount)"),
        .init(text: ReportRow.ulps(stage.maximumULPs)),
        .init(text: isCommon ? ReportRow.ulps(stage.greatestShare) : ""),
        .init(text: stage.failureCount > 0 ? "✗ \(stage.failureCount)" : ""),
      ])
    }
    let heading =
      "\(linearCrossEntropyName) in \(contract.format), reduction \(contract.reduction.rawValue), seed \(seed); "
      + "claimed: \(contract.claim)"
    var lines = [name, heading, ""] + table.lines(titleStyle: { $0 })
    let undecided = result.stages.reduce(0) { $0 + $1.undecidedCount }
    if undecided > 0 { lines.append("left out, undecided: \(undecided) outputs") }
    lines += result.leftOut.sorted { $0.key < $1.key }.map { "left out: \($0.key) (\($0.value) ×)" }
    for finding in result.findings {
      lines += [""] + finding.lines(contract)
      lines += result.diagnoses.filter { $0.quantity == finding.quantity }.map {
        "  mistake  \($0.text)"
      }
    }
    lines += ["", result.verdict.rawValue]
    return lines.joined(separator: "\n") + "\n"
  }
}
