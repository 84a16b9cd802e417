public import Cases

/// Seeds for tests that sample: the default, or `LOSS_ORACLE_SEED`, so that a failure can be replayed.
public enum TestSeed {
  /// The seed of this run.
  public static let current =
    environmentValue("LOSS_ORACLE_SEED").flatMap { UInt64($0) } ?? 20_260_101

  private static let leastCount = environmentValue("LOSS_ORACLE_CASES").flatMap { Int($0) } ?? 0

  /// A number of samples, raised by `LOSS_ORACLE_CASES`.
  public static func count(_ usual: Int) -> Int { max(leastCount, usual) }

  /// The choices of one test.
  public static func choices(_ name: String) -> ChoiceSource {
    ChoiceSource(RandomSource(seed: current, path: [name]))
  }
}
