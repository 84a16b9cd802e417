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
  /// What is asked.
  private let answer: @Sendable (LossRows) async throws -> BatchAnswer
  /// What it has to do.
  private let contract: CheckContract
  private let plan: TrialPlan

  /// The numbers of rows of batches, in turn.
  private static let sizes = [1, 2, 3, 7, 64, 257]
  /// The cases of a family from which on there is a batch of so many rows: more than 16 bits count, and a million.
  private static let manyRows = [(cases: 1000, rows: 65_537), (cases: 10_000, rows: 1_000_001)]
  /// What shrinking may ask: so many batches, of so many rows together.
  private static let shrinkingEffort = (batches: 60, rows: 300_000)

  /// A check of a program.
  ///
  /// - Parameters:
  ///   - contract: What it has to do with each row, and the reduction.
  ///   - plan: Its families, the rows of each, those of the search, the classes and the seed. Without families
  ///     only the batches that are known are asked for.
  public init(_ subject: ProgramSubject, _ contract: CheckContract, _ plan: TrialPlan) {
    self.init(contract, plan) { try await subject.reducedAnswer(to: $0) }
  }

  /// A check of what answers a batch.
  public init(
    _ contract: CheckContract, _ plan: TrialPlan,
    answer: @escaping @Sendable (LossRows) async throws -> BatchAnswer
  ) {
    self.answer = answer
    self.contract = contract
    self.plan = plan
  }

  /// Checks.
  ///
  /// - Parameter progress: Called with the number of stages done and of all.
  public func run(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> BatchCheckResult {
    var result = BatchCheckResult(contract, seed: plan.seed)
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
    return result
  }

  /// Judges one batch, whose outputs were computed elsewhere: nothing is shrunk.
  public func run(on rows: LossRows, named name: String) async throws -> BatchCheckResult {
    var result = BatchCheckResult(contract, seed: plan.seed)
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

  // MARK: - Batches

  private var classCount: Int {
    contract.options.classCount ?? plan.classCounts.upperBound
  }

  private var shape: CaseShape {
    CaseShape(
      function: contract.function, format: contract.format, input: contract.options.input,
      classCount: classCount)
  }

  private var families: [Family] {
    let suitable = plan.families.filter { $0.greatestClassCount == nil && $0.suits(shape) }
    guard let label = contract.options.ignoreIndex else { return suitable }
    return suitable.map { $0.ignoring(label) }
  }

  /// Batches of some sizes that have so many rows together, those of one kind of target apart.
  private func batches(of family: Family) -> [LossRows] {
    var (batches, start, turn): ([LossRows], Int, Int) = ([], 0, 0)
    while start < plan.caseCount {
      let count = Self.sizes[turn % Self.sizes.count]
      let indices = start..<start + count
      batches += family.rows(shape, seed: plan.seed, indices: indices).map(\.rows)
      (start, turn) = (indices.upperBound, turn + 1)
    }
    return batches
  }

  /// A batch without rows, and where there is a label for it, those whose rows are all ignored, and all but one.
  private var edges: [LossRows] {
    let isBinary = contract.function.isBinary
    var rows = LossRows(
      contract.format, classCount: isBinary ? 1 : classCount,
      targetKind: contract.function.targetKinds[0])
    var edges = [rows]
    guard !isBinary, let label = contract.options.ignoreIndex else { return edges }
    let row = [FloatValue](repeating: .zero, count: classCount)
    for _ in 0..<3 { rows.append(LossInput(logits: row, target: .index(label))) }
    edges.append(rows)
    rows.append(LossInput(logits: row, target: .index(label == 0 ? classCount - 1 : 0)))
    edges.append(rows)
    return edges
  }

  // MARK: - Judging

  /// Judges a batch.
  ///
  /// - Returns: How far off it is, by what is claimed; 0 where nothing was compared.
  private func judge(
    _ rows: LossRows, _ stage: inout BatchCheckResult.Stage, _ result: inout BatchCheckResult
  ) async throws -> Double {
    guard rows.isProbable(contract.options.input), let exact = ReducedExact(rows, contract)
    else {
      stage.leaveOut("not defined there, or not decided")
      return 0
    }
    switch try await answer(rows) {
    case .unsupported(let reason): stage.leaveOut(reason)
    case .interrupted: stage.leaveOut("not answered before the interruption")
    case .failed(let failure):
      stage.count(rows)
      stage.failureCount += 1
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: failure.kind.rawValue, output: nil,
          message: failure.message, exact: exact))
    case .outputs(let outputs) where outputs.count != exact.count:
      stage.count(rows)
      stage.failureCount += 1
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: Failure.Kind.outputCount.rawValue, output: nil,
          message: "\(outputs.count) outputs instead of \(exact.count)", exact: exact))
    case .outputs(let outputs):
      stage.count(rows)
      let comparison = BatchComparison(outputs, exact, contract)
      stage.observe(comparison)
      result.observe(rows, outputs, exact, comparison, in: stage.name)
      guard let place = comparison.failingPlace else { return comparison.badness }
      stage.failureCount += 1
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: comparison.kind(at: place), output: outputs[place],
          message: comparison.message(at: place, outputs), exact: exact,
          ulps: comparison.ulps[place]))
      return comparison.badness
    }
    return 0
  }

  /// The finding with as few rows as still fail.
  private func shrunk(_ finding: BatchFinding) async throws -> BatchFinding {
    var best = finding
    var (effort, size) = (Self.shrinkingEffort, best.rows.count / 2)
    while size > 0, effort.batches > 0, effort.rows > 0, !Task.isCancelled {
      var start = 0
      while start < best.rows.count, best.rows.count > 1, effort.batches > 0, effort.rows > 0 {
        let kept = Array(0..<start) + Array(min(start + size, best.rows.count)..<best.rows.count)
        let rows = best.rows.selecting(kept)
        effort.batches -= 1
        effort.rows -= rows.count
        if let simpler = try await failing(rows, as: finding) {
          best = simpler
        } else {
          start += size
        }
      }
      size /= 2
    }
    return best
  }

  private func failing(_ rows: LossRows, as finding: BatchFinding) async throws -> BatchFinding? {
    guard rows.count > 0, let exact = ReducedExact(rows, contract) else { return nil }
    switch try await answer(rows) {
    case .failed(let failure) where failure.kind.rawValue == finding.kind:
      return BatchFinding(
        stage: finding.stage, rows: rows, kind: finding.kind, output: nil, message: failure.message,
        exact: exact)
    case .outputs(let outputs) where outputs.count == exact.count:
      let comparison = BatchComparison(outputs, exact, contract)
      guard let place = comparison.failingPlace, comparison.kind(at: place) == finding.kind else {
        return nil
      }
      return BatchFinding(
        stage: finding.stage, rows: rows, kind: finding.kind, output: outputs[place],
        message: comparison.message(at: place, outputs), exact: exact, ulps: comparison.ulps[place])
    default: return nil
    }
  }
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

extension LossRows {
  fileprivate func isProbable(_ kind: InputKind) -> Bool {
    kind == .logits || (0..<logits.count).allSatisfy { kind.contains(logits[$0]) }
  }
}

extension CheckContract {
  /// Whether a batch of very many rows would take more memory than a check should: options are for many classes.
  fileprivate var isWide: Bool { options.classCount ?? 1 > 64 }
}
