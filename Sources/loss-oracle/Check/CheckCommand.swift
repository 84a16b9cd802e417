internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// `loss-oracle check`: someone else's implementation against the oracle.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check someone else's implementation: a program, a C library, or a file of outputs.",
    discussion: """
      A live program answers requests on stdin and stdout; tools/adapters holds ready ones and \
      examples in Python, C and Swift:

        $ loss-oracle check cross-entropy --format float32 -- python3 my_loss.py
        $ loss-oracle check softmax --library ./libkernels.so --symbol my_softmax
        $ loss-oracle check softmax --fixtures cases.safetensors --outputs computed.npy

      A linear layer fused with its loss has arguments of its own: \
      loss-oracle check linear-cross-entropy --help.

      The families of cases are gone through and the worst errors climbed; each way to fail is \
      shrunk to a short input and reported, crashes, hangs and garbage too, after which the program \
      is started again. By default an output may be as far off as rounding brings the usual form, \
      which frameworks compute too; --max-ulp sets another bound. The exit status is 1 where it \
      falls short.
      """)

  @Argument(help: "The function. (default: that of the file to --replay)")
  var function: LossFunction?

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var command: [String] = []

  @OptionGroup var input: CheckInput
  @OptionGroup var layout: LayoutArguments
  @OptionGroup var library: LibraryArguments
  @OptionGroup var cases: CheckCases
  @OptionGroup var verdict: CheckVerdict
  @OptionGroup var reports: ReportArguments

  func validate() throws {
    let sources = [!command.isEmpty, library.library != nil, input.fixtures != nil].count { $0 }
    guard sources == 1 else {
      throw ValidationError(
        "Give what to check, one of: -- COMMAND ARG…; --library PATH --symbol NAME; "
          + "--fixtures FILE --outputs FILE.")
    }
    try library.requireWhole()
    guard input.fixtures == nil || input.outputs != nil else {
      throw ValidationError("--fixtures and --outputs go together.")
    }
    if input.reduction != .none { try requireBatches() }
    if input.asksForBoth, reports.printsReport {
      throw ValidationError("With --outputs loss,gradient there are two reports: give --output.")
    }
    guard function != nil || (verdict.replay != nil && input.fixtures == nil) else {
      throw ValidationError("Give the function, or a file to --replay.")
    }
  }

  /// The end of a check of what never gives an answer.
  func failure(_ error: ProgramError) -> ExitCode {
    defer {
      if case .answersNothing = error, library.library == nil { adviseOnPrograms() }
    }
    return StandardStream.failure(error.description, status: ExitStatus.unavailable)
  }

  private func adviseOnPrograms() {
    try? StandardStream.error.write(
      "A program reads requests from stdin and writes replies until its input ends: "
        + "tools/adapters/README.md has a whole one. Of Python, a plain function does: "
        + "python -m loss_oracle check MODULE:FUNCTION --function \(function?.rawValue ?? "NAME")\n"
    )
  }

  func run() async throws {
    if let function, let fixtures = input.fixtures, let outputs = input.outputs {
      return try await input.reduction == .none
        ? runOnFiles(function, fixtures, outputs) : runOnBatch(function, fixtures, outputs)
    }
    let replayed = try verdict.replay.map(Regressions.init(reading:))
    let contracts = try contracts(replayed)
    if contracts[0].reduction != .none { return try await runOnBatches(contracts, replayed) }
    var parts: [(result: CheckResult, wasInterrupted: Bool)] = []
    for contract in contracts where parts.last?.wasInterrupted != true {
      parts.append(try await check(contract, replayed))
    }
    let results = parts.map(\.result)
    if contracts[0].isJoint, let joint = JointVerdict(results) { try write(joint) }
    try finish(
      results.map { ($0.report.verdict, $0.report.shortfall) },
      wasInterrupted: parts.contains(where: \.wasInterrupted))
  }

  /// What has to be done: two things, where one call gives a loss and its gradient.
  private func contracts(_ replayed: Regressions?) throws -> [CheckContract] {
    var input = input
    input.outputFormat = try input.outputFormat ?? library.parsed.givenOutputFormat
    var functions = [function]
    if let replayed {
      let joint = replayed.jointFunctions(of: function, in: input.format)
      if !joint.isEmpty { functions = joint }
    } else if input.asksForBoth {
      guard let function, let gradient = function.gradient, function.loss == nil else {
        throw ValidationError("--outputs loss,gradient is for a loss: give one.")
      }
      functions = [function, gradient]
    }
    return try functions.map { try input.contract($0, layout, replaying: replayed, verdict) }
  }

  /// Checks one function, and writes what was found.
  private func check(
    _ contract: CheckContract, _ replayed: Regressions?
  ) async throws -> (result: CheckResult, wasInterrupted: Bool) {
    var output = try CheckOutput(
      verdict, reports.ofPart(contract), command: commandLine, replayed: replayed)
    let subject = try subject(contract)
    let check = try check(subject, contract, output)
    output.knownCount = check.plan.known.count
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (CheckResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling(after: budget(contract)) {
        [output] in
        return try await check.run {
          try await subject.start()
        } progress: {
          progress.update($0, $1)
          subject.note($0, of: $1)
        } surveyed: {
          progress.finish()
          await subject.beginExamination()
          try output.writeTable($0)
        }
      }
    } catch let error as ProgramError {
      progress.finish()
      let failure = failure(error)
      try library.advise(contract)
      throw failure
    }
    progress.finish()
    if reports.formats.contains(.html), result.report.isComplete {
      output.curves = try? await Figure(errorsOf: check)
    }
    await subject.finish()
    // It never came to an answer, or ended in its first calls: it may be called in a way that it is not made
    // for.
    if result.report.verdict == .fellShort,
      !result.report.hasFiniteOutput || result.hasEndedEarly
    {
      try library.advise(contract)
    }
    try output.write(result)
    return (result, wasInterrupted)
  }

  /// The program, or the library in one.
  func subject(_ contract: CheckContract) throws -> ProgramSubject {
    ProgramSubject(
      try programCommand(contract), named: library.names?.library, answering: contract,
      timeout: .seconds(input.timeout), startTimeout: .seconds(input.startTimeout),
      budget: budget(contract).map { .seconds($0 / 2) }, asksFirst: library.names == nil)
  }

  /// How many seconds a check may take: a loss and its gradient half of all each.
  func budget(_ contract: CheckContract) -> Double? {
    input.budget.map { contract.isJoint ? $0 / 2 : $0 }
  }

  /// What is checked, as reports call it.
  var subjectName: String {
    if input.fixtures != nil, let outputs = input.outputs { return outputs }
    return library.names.map { "\($0.library): \($0.symbol)" } ?? command.joined(separator: " ")
  }

  /// Says what a loss and its gradient say of each other, on stdout and among the reports.
  func write(_ joint: JointVerdict) throws {
    if !reports.printsReport {
      try StandardStream.output.write("\nloss and gradient of one call: \(joint.text)\n")
    }
    if let folder = reports.output {
      try OutputFolder(path: folder).write(ReportFormat.json(joint), to: "together.json")
    }
  }

  /// Ends with the status that verdicts come to.
  ///
  /// - Parameter verdicts: Each with why it is not complete.
  func finish(_ verdicts: [(verdict: Verdict, shortfall: String?)], wasInterrupted: Bool) throws {
    if wasInterrupted {
      throw StandardStream.failure(
        "interrupted; the report holds what was done", status: ExitStatus.interrupted)
    }
    if verdicts.contains(where: { $0.verdict == .fellShort }) {
      throw ExitCode(ExitStatus.fellShort)
    }
    guard let open = verdicts.first(where: { $0.verdict != .passed }) else { return }
    throw StandardStream.failure(
      "\(open.verdict.rawValue): \(open.shortfall ?? "it was asked nothing")",
      status: ExitStatus.unavailable)
  }

  private func check(
    _ subject: any Subject, _ contract: CheckContract, _ output: CheckOutput
  ) throws -> Check {
    var plan = try cases.plan()
    if cases.familyNames.isEmpty { plan.families = Families.checked(contract.options) }
    if verdict.replay != nil {
      (plan.families, plan.searchCount) = ([], 0)
    } else if cases.familyNames.isEmpty, contract.options == LossOptions() {
      plan.known = try CheckCases.knownWitnesses(of: contract)
    }
    try output.regressions.begin(&plan, contract)
    return Check(subject, named: subjectName, contract, plan)
  }

  /// The program, or this one, which serves a library to itself.
  func programCommand(_ contract: CheckContract) throws -> [String] {
    guard let (path, symbol) = library.names else { return command }
    try library.find()
    let signature = try library.signature(for: contract)
    let format = signature.outputFormat(contract.format)
    guard contract.outputFormat == format else {
      throw ValidationError(
        "The function's outputs are in \(format), not \(contract.outputFormat); --signature says "
          + "otherwise, as in out:\(contract.outputFormat).")
    }
    return try LibraryArguments.ownCommand() + ["serve-library", path, symbol, signature.text]
  }

  /// How the command was called.
  var commandLine: CommandLineText {
    CommandLineText(
      all: CommandLine.arguments.dropFirst().map(\.self),
      subject: library.names == nil ? ["--"] + command : library.words)
  }
}

extension CheckResult {
  /// Whether it ended on rows of the first family.
  fileprivate var hasEndedEarly: Bool {
    report.findings.contains { $0.failure.kind == .crash && $0.stage == report.stages.first?.name }
  }
}

/// Serves a C library to the process that checks it; not for people.
struct ServeLibrary: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-library",
    abstract: "Serve a function of a C library over the live protocol.", shouldDisplay: false)

  @Argument(help: "The library.") var library: String
  @Argument(help: "The name of the function.") var symbol: String
  @Argument(help: "What it takes.") var signature: String
  @Option(help: "What it computes of a linear layer.") var of: LinearQuantity?

  func run() throws {
    do {
      let signature = try LibrarySignature(parsing: signature)
      try LibraryServer(library: library, symbol: symbol, signature: signature, of: of).serve()
    } catch {
      throw StandardStream.failure("\(error)", status: ExitStatus.unavailable)
    }
  }
}
