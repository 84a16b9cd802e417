internal import Cases
internal import FloatFormats
public import LossFunctions
internal import Verification

/// The course of a trial.
struct Hunt {
  private let trial: Trial
  private var ascent: Ascent
  private var done = 0
  private let total: Int
  /// The number of rows judged at a time: of many classes only as many as fit into little memory.
  private let batchSize: Int
  /// What has been found so far.
  private(set) var report = TrialReport()

  init(_ trial: Trial) {
    self.trial = trial
    batchSize = max(1, min(trial.batchSize, (1 << 18) / trial.shape.logitCount))
    total =
      trial.known.count + trial.searchCount + trial.stages.reduce(0) { $0 + $1.caseCount }
    ascent = Ascent(
      Mutation(
        format: trial.claim.format, greatestClassCount: max(16, trial.classCounts.upperBound)),
      seed: trial.seed, path: ["search", trial.claim.function.rawValue, trial.claim.format.name])
  }

  typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  /// Judges the cases that failed before.
  mutating func judgeKnown() async throws {
    guard !trial.known.isEmpty else { return }
    var stage = TrialReport.Stage(name: "known")
    for start in stride(from: 0, to: trial.known.count, by: batchSize) {
      let batch = Array(trial.known[start..<min(start + batchSize, trial.known.count)])
      _ = try await judge(batch, at: start, &stage)
    }
    report.stages.append(stage)
  }

  /// Judges the cases of a family.
  mutating func judge(_ family: Family, count: Int, _ progress: Progress) async throws {
    var stage = TrialReport.Stage(name: family.name)
    let (shape, seed) = (trial.shape, trial.seed)
    for start in stride(from: 0, to: count, by: batchSize) where !Task.isCancelled {
      let indices = Array(start..<min(start + batchSize, count))
      let batch = await concurrentMap(indices) { family.input(shape, seed: seed, index: $0) }
      _ = try await judge(batch, at: start, &stage)
      progress(done, total)
    }
    report.stages.append(stage)
  }

  /// Climbs from the worst cases so far.
  mutating func search(_ progress: Progress) async throws {
    guard trial.searchCount > 0, !ascent.isEmpty else { return }
    var stage = TrialReport.Stage(name: "search")
    for start in stride(from: 0, to: trial.searchCount, by: batchSize)
    where !Task.isCancelled {
      let proposals = ascent.proposals(count: min(batchSize, trial.searchCount - start))
      let judgements = try await judge(proposals.map(\.input), at: start, &stage)
      let temperature = 1 - Double(start) / Double(trial.searchCount)
      for (proposal, judgement) in zip(proposals, judgements) {
        ascent.consider(proposal, badness: judgement.badness, temperature: temperature)
      }
      progress(done, total)
    }
    report.stages.append(stage)
  }

  /// Judges a batch, counts what it shows, and shrinks the first failure of each kind.
  private mutating func judge(
    _ batch: [LossInput], at start: Int, _ stage: inout TrialReport.Stage
  ) async throws -> [Judgement] {
    let judgements = try await trial.claim.judge(batch)
    for (offset, judgement) in judgements.enumerated() {
      let (input, index) = (batch[offset], start + offset)
      stage.observe(judgement, of: input, at: index)
      if let reason = judgement.abstention { report.abstentions[reason, default: 0] += 1 }
      ascent.offer(input, badness: judgement.badness)
      guard let failure = judgement.failure, stage.failures[failure.kind] == 1 else { continue }
      // A first failure of its kind; its later ones are counted only.
      try await record(failure, input, judgement, at: index, stage.name)
    }
    done += batch.count
    return judgements
  }

  private mutating func record(
    _ failure: Failure, _ input: LossInput, _ judgement: Judgement, at index: Int,
    _ stage: String
  ) async throws {
    // What ends a program is found by many families and costs a start each time: once is enough.
    let known = report.findings.firstIndex { $0.failure == failure }
    if let known, failure.kind.isCostly {
      report.findings[known].laterStages.append(stage)
      return
    }
    // Many families find one defect: the first gets the most effort.
    let earlier = report.findings.count { $0.failure.kind == failure.kind }
    var shrinker = Shrinker(
      trial.claim, input, judgement, kind: failure.kind,
      effort: trial.shrinkingEffort / (1 + earlier))
    try await shrinker.shrink()
    if failure.kind == .hang { try await shrinker.confirm() }
    let same = report.findings.firstIndex {
      $0.failure.kind == failure.kind && $0.shrunk == shrinker.best
    }
    if let same {
      report.findings[same].laterStages.append(stage)
      return
    }
    report.findings.append(
      Finding(
        stage: stage, index: index, failure: shrinker.judgement.failure ?? failure,
        original: input, shrunk: shrinker.best, judgement: shrinker.judgement))
  }
}

extension TrialReport.Stage {
  /// A stage without cases yet.
  public init(name: String) {
    self.name = name
  }

  /// Counts what a case says.
  public mutating func observe(_ judgement: Judgement, of input: LossInput, at index: Int) {
    caseCount += 1
    if judgement.abstention != nil { abstentionCount += 1 }
    if let failure = judgement.failure {
      failureCount += 1
      failures[failure.kind, default: 0] += 1
    }
    guard let comparison = judgement.comparison else { return }
    if input.isFinite {
      statistics.observe(
        index: index, input, computed: comparison.computed, exact: comparison.exact)
    } else if comparison.worst.ulps == 0 {
      specialAgreements += 1
    } else {
      specialDifferences += 1
    }
  }
}
