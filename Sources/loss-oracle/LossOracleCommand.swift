internal import ArgumentParser
internal import LossOracle
internal import Supervision

@main
struct LossOracleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss-oracle",
    abstract: "Exact softmax and cross-entropy losses, and how far implementations are from them.",
    discussion: """
      Exit status: 0 passed; 1 an implementation fell short; 64 usage; 65 bad data; 66 no such \
      input; 69 the implementation could not be started; 73, 74 output could not be written; \
      130 interrupted.
      """,
    version: PackageVersion.current,
    subcommands: [
      Verify.self, CheckCommand.self, Generate.self, Evaluate.self, Explain.self,
      AuditCommand.self, StudyCommand.self, SweepCommand.self, MergeCommand.self, List.self,
      ServeLibrary.self, EvaluateLinear.self, GenerateLinear.self, CheckLinear.self,
      ExplainLinear.self,
    ])

  static func main() async {
    LOKeepFreedMemory()
    let arguments = LinearArguments.routed(Array(CommandLine.arguments.dropFirst()))
    do {
      let command = try parsed(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        var command = command
        try command.run()
      }
    } catch {
      exit(withError: error)
    }
  }

  /// The command of the arguments.
  ///
  /// - Throws: What may have been meant, where the parser refuses them and there is such; else its error.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    do {
      return try parseAsRoot(arguments)
    } catch {
      throw misspelling(in: arguments) ?? error
    }
  }

  /// What is wrong with a first word that is no subcommand, and with an option that is nearly one of the
  /// subcommand's. The parser tells of neither where something else is missing, too.
  static func misspelling(in arguments: [String]) -> ValidationError? {
    guard let word = arguments.first, !word.hasPrefix("-") else { return nil }
    // Key paths of metatypes crash the compiler of Swift 6.3.
    let names = configuration.subcommands.filter { $0.configuration.shouldDisplay }
      .map { $0._commandName }
    guard let command = configuration.subcommands.first(where: { $0._commandName == word }) else {
      return word == "help" ? nil : Suggestion.unknown("subcommand", word, among: names)
    }
    let functions =
      LossFunction.allCases.map(\.rawValue) + (word == "list" ? [linearCrossEntropyName] : [])
    if let name = functionName(in: arguments), !functions.contains(name) {
      return Suggestion.unknown("function", name, among: functions)
    }
    let options = command.helpMessage().matches(of: #/--[a-z][a-z-]*/#).map { String($0.output) }
    for argument in arguments.dropFirst().prefix(while: { $0 != "--" }) {
      guard argument.hasPrefix("--") else { continue }
      let name = String(argument.prefix { $0 != "=" })
      if !options.contains(name), let meant = Suggestion.nearest(to: name, among: options) {
        return ValidationError("There is no option \(name.shown). Did you mean \"\(meant)\"?")
      }
    }
    return nil
  }

  /// The function that is asked for: a first argument, or what follows --function.
  private static func functionName(in arguments: [String]) -> String? {
    if let option = arguments.firstIndex(of: "--function") {
      return arguments[option...].dropFirst().first
    }
    guard ["check", "evaluate", "sweep"].contains(arguments.first) else { return nil }
    let word = arguments.dropFirst().first
    return word?.hasPrefix("-") == true ? nil : word
  }
}
