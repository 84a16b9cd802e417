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

      The families of cases are gone through and the worst errors climbed; each way to fail is \
      shrunk to a short input and reported, crashes, hangs and garbage too, after which the program \
      is started again. Without --max-ulp an output may be as far off as rounding explains in the \
      form that frameworks have in common. The exit status is 1 where it falls short.
      """)

  @Argument(help: "The function: \(LossFunction.allCases.map(\.rawValue).joined(separator: ", ")).")
  var function: LossFunction

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var command: [String] = []

  @OptionGroup var input: CheckInput
  @OptionGroup var cases: CheckCases
  @OptionGroup var verdict: CheckVerdict

  func validate() throws {
    let sources = [!command.isEmpty, input.library != nil, input.fixtures != nil].count { $0 }
    guard sources == 1 else {
      throw ValidationError(
        "Give what to check, one of: -- COMMAND ARG…; --library PATH --symbol NAME; "
          + "--fixtures FILE --outputs FILE.")
    }
    guard (input.fixtures == nil) == (input.outputs == nil) else {
      throw ValidationError("--fixtures and --outputs go together.")
    }
    guard (input.library == nil) == (input.symbol == nil) else {
      throw ValidationError("--library and --symbol go together.")
    }
  }

  func run() async throws {
    if let fixtures = input.fixtures, let outputs = input.outputs {
      return try await runOnFiles(fixtures, outputs)
    }
    let question = try input.question(function)
    let subject = ProgramSubject(
      try programCommand(), answering: question, timeout: .seconds(input.timeout),
      startTimeout: .seconds(input.startTimeout), budget: input.budget.map { .seconds($0) },
      asksFirst: input.library == nil)
    let check = try check(subject, question)
    let progress = ProgressLine("checking")
    let (result, wasInterrupted): (CheckResult, Bool)
    do {
      (result, wasInterrupted) = try await Interruption.cancelling {
        try await subject.start()
        return try await check.run { progress.update($0, $1) }
      }
    } catch let error as ProgramError {
      progress.finish()
      throw StandardStream.failure(error.description, status: ExitStatus.unavailable)
    }
    progress.finish()
    var curves: ErrorCurves?
    if verdict.reports.contains(.html) { curves = try? await ErrorCurves(of: check) }
    await subject.finish()
    try finish(result, curves, wasInterrupted: wasInterrupted)
  }

  /// Writes the result and ends with its status.
  func finish(
    _ result: CheckResult, _ curves: ErrorCurves? = nil, wasInterrupted: Bool
  ) throws {
    try CheckOutput(result: result, replay: replay, curves: curves).write(verdict)
    if wasInterrupted {
      throw StandardStream.failure(
        "interrupted; the report holds what was done", status: ExitStatus.interrupted)
    }
    guard result.isConclusive else {
      let reason = result.report.abstentions.keys.sorted().first ?? "it was asked nothing"
      throw StandardStream.failure(
        "nothing could be checked: \(reason)", status: ExitStatus.unavailable)
    }
    if !result.report.hasPassed { throw ExitCode(ExitStatus.fellShort) }
  }

  private func check(_ subject: any Subject, _ question: LiveQuestion) throws -> Check {
    var check = Check(
      subject,
      named: input.library.map { "\($0): \(input.symbol ?? "")" }
        ?? command.joined(separator: " "),
      answering: question, options: try input.lossOptions(question), tolerance: verdict.tolerance,
      specialValues: verdict.specialValues, caseCount: cases.cases,
      classCounts: try cases.classCounts, seed: cases.seed)
    check.families = try cases.selectedFamilies()
    if let search = cases.search { check.searchCount = search }
    if let replay = verdict.replay {
      check.known = try CheckCases.witnesses(in: replay, of: question)
      check.families = []
      check.searchCount = 0
    } else if cases.familyNames.isEmpty, check.options == LossOptions() {
      check.known = CheckCases.knownWitnesses(of: question)
    }
    return check
  }

  /// The program, or this one, which serves a library to itself.
  private func programCommand() throws -> [String] {
    guard let library = input.library, let symbol = input.symbol else { return command }
    guard FileManager.default.fileExists(atPath: library) else {
      throw StandardStream.failure("there is no library \(library)", status: ExitStatus.noInput)
    }
    guard let executable = Bundle.main.executablePath else {
      throw StandardStream.failure(
        "cannot tell where this program is, to run the library in", status: ExitStatus.unavailable)
    }
    // The library's crash is no fault of this program, whose backtrace takes a second each time.
    return [
      "/usr/bin/env", "SWIFT_BACKTRACE=enable=no", executable, "serve-library", library, symbol,
    ]
  }

  /// The command that does the same again.
  private var replay: String {
    CommandLine.arguments.dropFirst().reduce("loss-oracle") { text, argument in
      let isPlain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+".contains($0) }
      let quoted = argument.replacing("'", with: "'\\''")
      return text + " " + (isPlain && !argument.isEmpty ? argument : "'\(quoted)'")
    }
  }
}

/// Serves a C library to the process that checks it; not for people.
struct ServeLibrary: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-library",
    abstract: "Serve a function of a C library over the live protocol.", shouldDisplay: false)

  @Argument(help: "The library.") var library: String
  @Argument(help: "The name of the function.") var symbol: String

  func run() throws {
    do {
      try LibraryServer(library: library, symbol: symbol).serve()
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.unavailable)
    }
  }
}
