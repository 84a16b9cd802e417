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

  @Option(
    help:
      "json: a report instead of the table. With --output it is written there, beside the table."
  )
  var report: LinearReportFormat?

  @Option(
    name: .customLong("output"),
    help: "A folder to write report.json to, beside the table on stdout.",
    transform: OutputFolder.path)
  var outputDirectory: String?

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
    return LinearContract(
      in: format, outputFormat: live.outputFormat ?? file?.outputFormat,
      options: try settings?.options ?? what.givenOptions(in: format),
      reduction: settings?.reduction ?? what.reduction ?? .none, claim: try grade(file?.claim))
  }

  /// What is checked, as reports call it.
  private var subject: String {
    outputs ?? live.named.names.map { "\($0.library): \($0.symbol)" }
      ?? command.joined(separator: " ")
  }

  func run() async throws {
    if let outputDirectory {
      try OutputFolder(path: outputDirectory).prepare([ReportFormat.json.fileName])
    }
    if let fixtures, let outputs { return try runOnFiles(fixtures, outputs) }
    let replayed = try live.replay.map(LinearArguments.read)
    let contract = try contract(replaying: replayed)
    let plan = try live.plan(contract, replaying: replayed)
    let program = LinearProgram(
      try live.programCommand(command, plan), named: live.named.library,
      timeout: .seconds(live.timeout), startTimeout: .seconds(live.startTimeout))
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
    let seed = replayed == nil ? plan.seed : nil
    try write(LinearReport(result, of: subject, seed: seed)) { text(result, seed: seed) }
    if let path = live.saveWitness, let finding = result.findings.first {
      try LinearArguments.writing {
        var tensors = LinearTensors()
        try tensors.add(finding.input, in: contract.format)
        try tensors.write(to: path, metadata: contract.metadata(of: finding))
      }
    }
    if wasInterrupted {
      throw StandardStream.failure("interrupted", status: ExitStatus.interrupted)
    }
    try finish(result, result.leftOut.keys.sorted().first ?? "it was asked nothing")
  }

  /// Ends with the status that a result comes to.
  private func finish(_ result: LinearTrialResult, _ shortfall: String) throws {
    switch result.verdict {
    case .passed: return
    case .fellShort: throw ExitCode(ExitStatus.fellShort)
    case .incomplete, .inconclusive:
      throw StandardStream.failure(
        "\(result.verdict.rawValue): \(shortfall)", status: ExitStatus.unavailable)
    }
  }

  /// Writes a report, or the text and the report's file.
  private func write(_ data: LinearReport, _ text: () -> String) throws {
    let json = try ReportFormat.jsonText(data)
    try StandardStream.output.write(report == nil || outputDirectory != nil ? text() : json)
    if let outputDirectory {
      try OutputFolder(path: outputDirectory).write(Data(json.utf8), to: ReportFormat.json.fileName)
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
    var (checks, diagnoses, lines) = ([LinearCheck](), [LinearDiagnosis](), [String]())
    var contract = LinearContract(
      in: file.format, options: settings.options, reduction: settings.reduction,
      claim: try grade(nil))
    for one in computed {
      let exact = try LinearArguments.exact(
        one.quantity, file.input, settings, in: one.values.format)
      contract.outputFormat = one.values.format
      let check = contract.check(one.values, one.quantity, of: file.input, against: exact)
      checks.append(check)
      var text = check.text(
        one.values.format, shape: one.quantity.shape(file.input, settings.reduction))
      if check.verdict == .fellShort {
        let evidence = LinearEvidence(
          one.quantity, of: file.input, one.values, against: exact, contract)
        let found = LinearDiagnosis.diagnoses(of: [evidence])
        for diagnosis in found { text += "  mistake: \(diagnosis.text)\n" }
        diagnoses += found
      }
      lines.append(text)
    }
    let logits = file.input.rowCount.multipliedReportingOverflow(by: file.input.classCount)
    if !logits.overflow, logits.partialValue < 1 << 31 {
      lines.append(
        "not tried: an index of 32 bits, which overflows from 2147483648 logits on; here are "
          + "\(logits.partialValue)\n")
    }
    let result = LinearTrialResult(checks, of: file.input, contract, diagnoses: diagnoses)
    let undecided = checks.reduce(0) { $0 + $1.undecidedCount }
    lines.append(
      result.verdict == .passed && undecided > 0
        ? "passed; \(undecided) outputs left out, undecided\n" : "\(result.verdict.rawValue)\n")
    try write(LinearReport(result, of: subject, seed: nil)) { lines.joined() }
    let open = checks.first { $0.verdict == .incomplete }
    try finish(
      result,
      "of \(open?.quantity.rawValue ?? "") nothing was compared, as no theorem settles its exact values"
    )
  }

  private func text(_ result: LinearTrialResult, seed: UInt64?) -> String {
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
      "\(linearCrossEntropyName) in \(contract.format), reduction \(contract.reduction.rawValue)"
      + (seed.map { ", seed \($0)" } ?? "") + "; claimed: \(contract.claim)"
    var lines = [subject, heading, ""] + table.lines(titleStyle: { $0 })
    let undecided = result.stages.reduce(0) { $0 + $1.undecidedCount }
    if undecided > 0 { lines.append("left out, undecided: \(undecided) outputs") }
    lines += result.leftOut.sorted { $0.key < $1.key }.map { "left out: \($0.key) (\($0.value) ×)" }
    lines += result.lapses.sorted { $0.key < $1.key }.map {
      "once, and not when a new process was asked: \($0.key) (\($0.value) ×)"
    }
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

/// The kinds of reports of a linear layer.
enum LinearReportFormat: String, CaseIterable, ExpressibleByArgument {
  case json
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
