internal import Cases
internal import FloatFormats
public import Interchange
public import LossFunctions
public import PropertyEngine
internal import Reference
internal import Verification

/// Outputs that were computed elsewhere, on another machine or a GPU, held against the oracle.
///
/// There is no one to ask, so nothing is searched and nothing shrunk: of each way to fail, the row of
/// the fewest classes is shown.
public struct FileCheck: Sendable {
  /// What is checked, with the options, the tolerance and the name for reports; its subject is asked
  /// nothing.
  public let check: Check
  private let fixtures: FixtureRows
  private let outputs: OutputsFile

  private static let batchSize = 4096
  /// Mistakes show on few rows.
  private static let evidenceCount = 4096

  /// A check of outputs for the rows of fixtures.
  ///
  /// - Throws: Where there are more or fewer outputs than the rows ask for.
  public init(
    _ check: Check, fixtures: FixtureRows, outputs: OutputsFile
  ) throws(FixtureError) {
    try outputs.requireShape(of: fixtures)
    self.check = check
    self.fixtures = fixtures
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
    let diagnoses = report.hasPassed ? [] : try evidence().diagnoses()
    return CheckResult(check: check, report: report, diagnoses: diagnoses)
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
      let inputs = try fixtures.inputs(batch)
      let answers = try outputs.column(batch)
      let count = outputs.outputCount
      let responses = inputs.indices.map {
        Response.outputs(answers[$0 * count..<($0 + 1) * count])
      }
      let judgements = await check.claim.judge(inputs, answered: responses)
      for (row, judgement) in zip(batch, judgements) {
        let input = inputs[row - first]
        stage.observe(judgement, of: input, at: row)
        if let reason = judgement.abstention { report.abstentions[reason, default: 0] += 1 }
        guard let failure = judgement.failure else { continue }
        let known = findings[failure.kind]?.shrunk.logits.count ?? .max
        guard input.logits.count < known else { continue }
        findings[failure.kind] = Finding(
          stage: name, index: row, failure: failure, original: input, shrunk: input,
          judgement: judgement)
      }
      progress(batch.upperBound, fixtures.count)
    }
    report.stages.append(stage)
    report.findings += findings.values.sorted { $0.index < $1.index }
  }

  /// The first rows, as one batch.
  private func evidence() throws -> Evidence {
    let count = min(fixtures.count, Self.evidenceCount)
    let question = check.question
    let rows = try (0..<count).compactMap { index -> Observation? in
      let input = try fixtures[index]
      let exact = try? Reference().evaluate(
        question.function, input, options: check.options, in: question.outputFormat)
      return try exact.map {
        Observation(input: input, computed: try outputs[index], exact: $0.map(\.value))
      }
    }
    return Evidence(
      of: question.function, in: question.format, outputFormat: question.outputFormat,
      options: check.options, batches: [ObservedBatch(rows, rowCount: fixtures.count)])
  }
}

/// What is asked nothing.
public struct NoSubject: Subject {
  /// Nobody.
  public init() {}

  public func answers(to rows: LossRows) async throws -> RowAnswers {
    RowAnswers(
      unsupported: "there is no one to ask", count: rows.count, outputsPerRow: 1, in: rows.format)
  }
}
