internal import Cases
internal import FloatFormats
public import LossFunctions
internal import Multiprecision
public import PropertyEngine
internal import Reference
internal import SmallFoundation
internal import Verification

/// Someone else's sums and means of losses, or the gradients of these, held against the oracle: each question
/// is a whole batch.
///
/// Batches that failed before come first. Those of a family have one to some hundred rows, with rows to be ignored
/// where the options have a label for these. Then there are those that have nothing in them, one of very many rows,
/// and a search that climbs from the worst of all.
public struct BatchCheck: Sendable {
  /// What is asked, and what it is called.
  let answer: @Sendable (LossRows) async throws -> BatchAnswer
  private let subjectName: String
  /// What it has to do.
  let contract: CheckContract
  let plan: TrialPlan

  /// The cases of a family from which on there is a batch of so many rows: more than 16 bits count, and a million.
  private static let manyRows = [(cases: 1000, rows: 65_537), (cases: 10_000, rows: 1_000_001)]

  /// A check of a program.
  ///
  /// - Parameters:
  ///   - contract: What it has to do with each row, and the reduction.
  ///   - plan: Its families, the rows of each, those of the search, the classes and the seed. Without families
  ///     only the batches that are known are asked for.
  public init(
    _ subject: ProgramSubject, named name: String, _ contract: CheckContract, _ plan: TrialPlan
  ) {
    self.init(contract, plan, named: name) { try await subject.reducedAnswer(to: $0) }
  }

  /// A check of what answers a batch.
  public init(
    _ contract: CheckContract, _ plan: TrialPlan, named name: String = "function",
    answer: @escaping @Sendable (LossRows) async throws -> BatchAnswer
  ) {
    self.answer = answer
    subjectName = name
    self.contract = contract
    self.plan = plan
  }

  /// Checks.
  ///
  /// - Parameter progress: Called with the number of stages done and of all.
  public func run(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> BatchCheckResult {
    var result = BatchCheckResult(contract, subjectName: subjectName, seed: plan.seed)
    var ascent = BatchAscent(contract, seed: plan.seed)
    let families = plan.families.isEmpty ? [] : families
    let total = families.count + 4
    try await judgeKnown(&result)
    for (done, family) in families.enumerated() where !Task.isCancelled {
      progress(done + 1, total)
      try await judge(batches(of: family), in: family.name, &result, &ascent)
    }
    if !plan.families.isEmpty, !Task.isCancelled {
      progress(families.count + 1, total)
      try await judge(edges, in: "edges", &result, &ascent)
      progress(families.count + 2, total)
      try await judgeManyRows(&result)
      progress(families.count + 3, total)
      try await search(&result, &ascent)
    }
    progress(total, total)
    if Task.isCancelled { result.isComplete = false }
    for place in result.findings.indices where !Task.isCancelled {
      result.findings[place] = try await shrunk(result.findings[place])
    }
    if !Task.isCancelled { result.diagnoses = try await diagnoses(of: result) }
    return result
  }

  /// Judges one batch, whose outputs were computed elsewhere: nothing is shrunk.
  public func run(on rows: LossRows, named name: String) async throws -> BatchCheckResult {
    var result = BatchCheckResult(
      contract, subjectName: subjectName, seed: nil, isOfOneBatch: true)
    var stage = BatchCheckResult.Stage(name: name)
    _ = try await judge(rows, &stage, &result)
    result.stages = [stage]
    return result
  }

  private func judge(
    _ batches: [LossRows], in name: String, _ result: inout BatchCheckResult,
    _ ascent: inout BatchAscent
  ) async throws {
    var stage = BatchCheckResult.Stage(name: name)
    for rows in batches where !Task.isCancelled {
      ascent.offer(rows, try await judge(rows, &stage, &result))
    }
    result.stages.append(stage)
  }

  /// Judges the batches that failed before.
  private func judgeKnown(_ result: inout BatchCheckResult) async throws {
    guard !plan.knownBatches.isEmpty else { return }
    var stage = BatchCheckResult.Stage(name: "known")
    for (place, rows) in plan.knownBatches.enumerated() where !Task.isCancelled {
      let before = (stage.batchCount, stage.failureCount)
      _ = try await judge(rows, &stage, &result)
      if stage.batchCount > before.0 { result.known[place] = stage.failureCount > before.1 }
    }
    result.stages.append(stage)
  }

  /// Judges a batch of very many rows. That there is no answer in time says nothing: it may be no more than slow.
  private func judgeManyRows(_ result: inout BatchCheckResult) async throws {
    guard let count = Self.manyRows.last(where: { $0.cases <= plan.caseCount })?.rows,
      !contract.isWide, !Task.isCancelled
    else { return }
    let fewest = CaseShape(
      function: contract.function, format: contract.format, input: contract.options.input,
      classCount: contract.options.classCount ?? min(2, classCount))
    let family = contract.options.ignoreIndex.map(Family.uniform.ignoring) ?? .uniform
    guard let rows = family.rows(fewest, seed: plan.seed, indices: 0..<count).first?.rows else {
      return
    }
    var stage = BatchCheckResult.Stage(name: "many-rows")
    let findings = result.findings
    _ = try await judge(rows, &stage, &result)
    if result.findings.count > findings.count, result.findings.last?.kind == "hang" {
      result.findings = findings
      stage = BatchCheckResult.Stage(name: "many-rows")
      stage.leaveOut(
        "no answer in time to \(rows.count) rows: --timeout gives more, --cases 999 asks for fewer")
      result.isComplete = false
    }
    result.stages.append(stage)
  }

  /// Climbs from the worst batches.
  private func search(
    _ result: inout BatchCheckResult, _ ascent: inout BatchAscent
  ) async throws {
    // A batch takes as long as some dozens of rows.
    let count = plan.searchCount / 16
    guard count > 0, !ascent.isEmpty else { return }
    var stage = BatchCheckResult.Stage(name: "search")
    for _ in 0..<count where !Task.isCancelled {
      guard let (walker, rows) = ascent.proposal() else { continue }
      ascent.consider(walker, rows, try await judge(rows, &stage, &result))
    }
    result.stages.append(stage)
  }
}

extension CheckContract {
  /// Whether a batch of very many rows would take more memory than a check should: options are for many classes.
  fileprivate var isWide: Bool { options.classCount ?? 1 > 64 }
}

/// What is given for the sum or mean of a whole batch.
public enum BatchAnswer: Sendable {
  /// One value, or the gradients of the rows.
  case outputs(NumberColumn)
  /// That such a batch is not answered, and why.
  case unsupported(String)
  /// What went wrong.
  case failed(Failure)
  /// Nothing, for the check was interrupted.
  case interrupted
}
