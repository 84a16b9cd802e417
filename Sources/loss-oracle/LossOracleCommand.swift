internal import ArgumentParser
internal import LossOracle

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
      ServeLibrary.self,
    ])
}
