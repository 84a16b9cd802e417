internal import Cases
internal import FloatFormats
public import Interchange
internal import LossFunctions
public import PropertyEngine
internal import Reference
internal import Verification

/// Outputs that were computed elsewhere, on another machine or a GPU, held against the oracle.
///
/// There is no one to ask, so nothing is searched and nothing shrunk: of each way to fail, the row of
/// the fewest classes is shown.
public struct FileCheck: Sendable {
  private let contract: CheckContract
  private let name: String
  private let fixtures: FixtureRows
  private let outputs: OutputsFile

  private static let batchSize = 4096
  /// Mistakes show on few rows.
  private static let evidenceCount = 4096

  /// A check of outputs for the rows of fixtures.
  ///
  /// - Parameter name: What the outputs are called in reports.
  /// - Throws: Where there are more or fewer outputs than the rows ask for.
  public init(
    _ contract: CheckContract, named name: String, fixtures: FixtureRows, outputs: OutputsFile
  ) throws(FixtureError) {
    try outputs.requireShape(of: fixtures)
    self.contract = contract
    self.name = name
    // A file that tells no options does not tell which label is ignored.
    self.fixtures = fixtures.with(contract.options)
    self.outputs = outputs
  }

  /// Checks.
  ///
  /// - Parameter progress: Called with the number of rows judged and of all.
  /// - Throws: `FixtureError` where a row is none that the function is defined for.
  public func run(
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> CheckResult {
    var report = TrialReport()
    var start = 0
    let families =
      fixtures.families.isEmpty
      ? [("fixtures", fixtures.count)]
      : fixtures.families.map { ($0.name.excerpt(), $0.count) }
    for (name, count) in families where !Task.isCancelled {
      try await judge(name, start..<start + count, &report, progress)
      start += count
    }
    report.isComplete = !Task.isCancelled
    let diagnoses =
      report.findings.isEmpty ? [] : try evidence().diagnoses()
    return CheckResult(
      contract, subjectName: name, seed: nil, report: report, diagnoses: diagnoses)
  }

  private func judge(
    _ name: String, _ rows: Range<Int>, _ report: inout TrialReport,
    _ progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws {
    var stage = TrialReport.Stage(name: name)
    var findings: [Failure.Kind: Finding] = [:]
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.batchSize)
    where !Task.isCancelled {
      let batch = first..<min(first + Self.batchSize, rows.upperBound)
      let (column, count) = (
        try outputs.column(batch, of: fixtures), try fixtures.outputCount
      )
      for var placed in try fixtures.inputs(batch).batches(in: contract.format) {
        var values = NumberColumn(outputs.format)
        for place in placed.places { values.append(column, place * count..<(place + 1) * count) }
        for row in placed.places.indices { placed.places[row] += first }
        let judgements = await contract.judgements(
          of: placed.rows, answers: RowAnswers(values, outputsPerRow: count))
        stage.observe(judgements, of: placed)
        for reason in judgements.abstentions.values { report.leaveOut(reason) }
        for (row, failure) in judgements.failures.sorted(by: { $0.key < $1.key }) {
          let known = findings[failure.kind]?.shrunk.logits.count ?? .max
          guard placed.rows.classCount < known else { continue }
          findings[failure.kind] = Finding(
            stage: name, index: placed.places[row], failure: failure, original: placed.rows[row],
            rows: placed.rows.selecting([row]), judgement: judgements[row])
        }
      }
      progress(batch.upperBound, fixtures.count)
    }
    report.stages.append(stage)
    report.findings += findings.values.sorted { $0.index < $1.index }
  }

  /// The first rows, as one batch.
  private func evidence() throws -> Evidence {
    // Of a million classes they are long.
    let classCount = try fixtures.count > 0 ? fixtures[0].logits.count : 1
    let count = min(fixtures.count, Self.evidenceCount, max(16, (1 << 18) / classCount))
    let rows = try (0..<count).compactMap { index -> Observation? in
      let input = try fixtures[index]
      let exact = try? Reference().evaluate(
        contract.function, input, options: contract.options, in: contract.outputFormat)
      let computed = try outputs.column(index..<index + 1, of: fixtures)
      return exact.map {
        Observation(input: input, computed: computed[0..<computed.count], exact: $0.map(\.value))
      }
    }
    return Evidence(
      of: contract.function, in: contract.format, outputFormat: contract.outputFormat,
      options: contract.options, layout: contract.layout,
      batches: [ObservedBatch(rows, rowCount: fixtures.count)])
  }
}
