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
/// Batches are of rows of one family, of one to some hundred rows, with rows to be ignored where the options
/// have a label for these; and there are those that have nothing in them.
public struct BatchCheck: Sendable {
  /// What is asked.
  private let answer: @Sendable (LossRows, Reduction) async throws -> BatchAnswer
  /// What it has to do with each row.
  private let contract: CheckContract
  private let reduction: Reduction
  private let plan: TrialPlan

  /// The numbers of rows of batches, in turn.
  private static let sizes = [1, 2, 3, 7, 64, 257]
  /// What shrinking may ask.
  private static let shrinkingEffort = 60

  /// A check of a program.
  ///
  /// - Parameter plan: Its families, the rows of each, the classes and the seed.
  public init(
    _ subject: ProgramSubject, _ contract: CheckContract, _ reduction: Reduction, _ plan: TrialPlan
  ) {
    self.init(contract, reduction, plan) { try await subject.reducedAnswer(to: $0, $1) }
  }

  /// A check of what answers a batch.
  public init(
    _ contract: CheckContract, _ reduction: Reduction, _ plan: TrialPlan,
    answer: @escaping @Sendable (LossRows, Reduction) async throws -> BatchAnswer
  ) {
    self.answer = answer
    self.contract = contract
    self.reduction = reduction
    self.plan = plan
  }

  /// Checks.
  ///
  /// - Parameter progress: Called with the number of families done and of all.
  public func run(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> BatchCheckResult {
    var result = BatchCheckResult(contract, reduction, seed: plan.seed)
    let families = families
    for (done, family) in families.enumerated() where !Task.isCancelled {
      var stage = BatchCheckResult.Stage(name: family.name)
      for rows in batches(of: family) where !Task.isCancelled {
        try await judge(rows, &stage, &result)
      }
      result.stages.append(stage)
      progress(done + 1, families.count + 1)
    }
    if !Task.isCancelled {
      var stage = BatchCheckResult.Stage(name: "edges")
      for rows in edges { try await judge(rows, &stage, &result) }
      result.stages.append(stage)
      progress(families.count + 1, families.count + 1)
    }
    result.isComplete = !Task.isCancelled
    for place in result.findings.indices where !Task.isCancelled {
      result.findings[place] = try await shrunk(result.findings[place])
    }
    return result
  }

  /// Judges one batch, whose outputs were computed elsewhere: nothing is shrunk.
  public func run(on rows: LossRows, named name: String) async throws -> BatchCheckResult {
    var result = BatchCheckResult(contract, reduction, seed: plan.seed)
    var stage = BatchCheckResult.Stage(name: name)
    try await judge(rows, &stage, &result)
    result.stages = [stage]
    return result
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

  private func judge(
    _ rows: LossRows, _ stage: inout BatchCheckResult.Stage, _ result: inout BatchCheckResult
  ) async throws {
    guard rows.isProbable(contract.options.input),
      let exact = ReducedExact(rows, contract, reduction)
    else { return stage.leaveOut("not defined there, or not decided") }
    switch try await answer(rows, reduction) {
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
      result.observe(rows, outputs, exact, comparison)
      guard let place = comparison.failingPlace else { return }
      stage.failureCount += 1
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: comparison.kind(at: place), output: outputs[place],
          message: comparison.message(at: place, outputs), exact: exact))
    }
  }

  /// The finding with as few rows as still fail.
  private func shrunk(_ finding: BatchFinding) async throws -> BatchFinding {
    var best = finding
    var (effort, size) = (Self.shrinkingEffort, best.rows.count / 2)
    while size > 0, effort > 0, !Task.isCancelled {
      var start = 0
      while start < best.rows.count, best.rows.count > 1, effort > 0 {
        let kept = Array(0..<start) + Array(min(start + size, best.rows.count)..<best.rows.count)
        let rows = best.rows.selecting(kept)
        effort -= 1
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
    guard rows.count > 0, let exact = ReducedExact(rows, contract, reduction) else { return nil }
    switch try await answer(rows, reduction) {
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
        message: comparison.message(at: place, outputs), exact: exact)
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
