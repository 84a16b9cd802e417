internal import ArgumentParser
internal import Foundation
internal import LossOracle
internal import RecordedBounds

/// Renews the database of witnesses: the simplest rows at which built-in implementations fail.
@main
struct RecordWitnesses: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record-witnesses",
    abstract: "Renew the witnesses against the built-in implementations.",
    discussion: """
      Every implementation without options is tried in every format that it computes in, and the \
      shrunk case of each way in which it fails is kept. What stands in the folder already is tried \
      first, and kept.
      """)

  @Option(help: "The number of cases of each family.")
  var cases = 300

  @Option(help: "The number of cases that are searched.")
  var searched = 1500

  @Option(help: "The error in ulps beyond which a case is a witness.")
  var within = 8.0

  @Option(help: "The seed.")
  var seed: UInt64 = 2026

  @Option(help: "The folder of witnesses.")
  var folder: String

  @Flag(help: "Only of functions that have none yet.")
  var new = false

  @Flag(help: "Of each implementation and format only the simplest row of each kind of failure.")
  var simplest = false

  func run() async throws {
    let database = WitnessDatabase(folder: URL(filePath: folder, directoryHint: .isDirectory))
    var count = 0
    let isChosen = try Dictionary(
      uniqueKeysWithValues: LossFunction.allCases.map { function in
        (function, try !new || database.witnesses(of: function).isEmpty)
      })
    for implementation in Implementations.all
    where implementation.options(classCount: 2) == LossOptions()
      && isChosen[implementation.function] == true
    {
      for format in LossScalars.all.map({ $0.format }) {
        var records = try await records(implementation, format, database)
        if simplest { records = Self.simplest(records) }
        try database.add(records)
        count += records.count
        FileHandle.standardError.write(
          Data(
            "\(implementation.function) \(implementation.name) \(format): \(records.count)\n".utf8))
      }
    }
    print("\(count) new witnesses in \(folder)")
  }

  /// The simplest of each kind of failure: of the fewest classes, and of these the one that is written shortest.
  private static func simplest(_ records: [WitnessRecord]) -> [WitnessRecord] {
    func size(_ record: WitnessRecord) -> [Int] {
      let numbers =
        record.logits + (record.probabilities ?? []) + (record.targetLogits ?? [])
        + (record.gradOutput ?? [])
      return [record.logits.count, numbers.joined().count]
    }
    var picked: [WitnessRecord] = []
    for record in records {
      guard let place = picked.firstIndex(where: { $0.failure == record.failure }) else {
        picked.append(record)
        continue
      }
      if size(record).lexicographicallyPrecedes(size(picked[place])) { picked[place] = record }
    }
    return picked
  }

  private func records(
    _ implementation: any Implementation, _ format: FloatFormat, _ database: WitnessDatabase
  ) async throws -> [WitnessRecord] {
    let claim = AccuracyClaim(
      ImplementationSubject(implementation), computes: implementation.function,
      in: format, within: within)
    let trial = Trial(
      claim,
      TrialPlan(
        caseCount: cases, searchCount: searched, classCounts: 1...6, seed: seed,
        known: try database.inputs(of: implementation.function, in: format),
        shrinkingEffort: 20_000))
    return try await trial.run().findings.filter { $0.stage != "known" }.map { finding in
      WitnessRecord(
        finding, of: claim.function, subject: implementation.name,
        origin: "\(finding.stage), seed \(seed), \(Platform.current.name)")
    }
  }
}
