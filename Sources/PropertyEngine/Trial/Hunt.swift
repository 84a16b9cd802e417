internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Verification

/// The course of a trial.
struct Hunt {
  typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  private let trial: Trial
  private let progress: Progress
  private var ascent: Ascent
  private var done = 0
  private let total: Int
  /// The number of rows judged at a time: of many classes only as many as fit into little memory.
  private let batchSize: Int
  private let familyBatchSize: Int
  /// The first failure of each kind of each stage.
  private var suspects: [Suspect] = []
  /// The first ending of the code that was not repeated.
  private var firstLapse: Suspect?
  /// What has been found so far.
  private(set) var report = TrialReport()

  /// The failures of a kind that are kept with the rows that were asked with them.
  private static let greatestBatchCount = 4

  init(_ trial: Trial, _ progress: @escaping Progress) {
    let plan = trial.plan
    self.trial = trial
    self.progress = progress
    let greatestSize = max(1, (1 << 18) / trial.shape.logitCount)
    batchSize = min(plan.batchSize, greatestSize)
    familyBatchSize = min(max(plan.batchSize, 2048), greatestSize)
    // Counts may be as large as one likes; the sum is for the progress only.
    let counts =
      [plan.known.count, plan.knownBatches.count, plan.searchCount] + trial.stages.map(\.caseCount)
    total = counts.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    ascent = Ascent(
      Mutation(
        format: trial.claim.format, greatestClassCount: max(16, plan.classCounts.upperBound)),
      seed: plan.seed, path: ["search", trial.claim.function.rawValue, trial.claim.format.name])
  }

  /// Judges all cases: those that failed before, those of the families, and what the search comes to.
  mutating func survey() async throws {
    try await judgeKnown()
    for (family, count) in trial.stages where !Task.isCancelled {
      try await judge(family, count: count)
    }
    try await search()
    report.isComplete = !Task.isCancelled && report.refusedCount == 0
  }

  private mutating func judgeKnown() async throws {
    let plan = trial.plan
    guard !plan.known.isEmpty || !plan.knownBatches.isEmpty else { return }
    var stage = TrialReport.Stage(name: "known")
    for start in stride(from: 0, to: plan.known.count, by: batchSize) where !Task.isCancelled {
      let some = plan.known[start..<min(start + batchSize, plan.known.count)]
      _ = try await judge(Array(some).batches(in: trial.claim.format), from: start, &stage)
    }
    for (index, rows) in plan.knownBatches.enumerated() where !Task.isCancelled {
      // The rows of a batch have one place: it is the batch that is known.
      let places = [Int](repeating: plan.known.count + index, count: rows.count)
      _ = try await judge([PlacedRows(rows, places: places)], from: 0, &stage)
    }
    report.stages.append(stage)
  }

  private mutating func judge(_ family: Family, count: Int) async throws {
    var stage = TrialReport.Stage(name: family.name)
    let (shape, seed) = (trial.shape, trial.plan.seed)
    // Rows of ten numbers of classes make ten batches: the fewer, the less a slow program is asked.
    let batchSize = min(familyBatchSize, max(1, (1 << 18) / (family.greatestClassCount ?? 1)))
    // Each batch is drawn while the one before is judged, and that one while what the one before it says
    // is counted: who is asked waits for nobody.
    func draw(_ start: Int) -> Task<[PlacedRows], Never> {
      Task {
        guard start < count else { return [] }
        return family.rows(shape, seed: seed, indices: start..<min(start + batchSize, count))
      }
    }
    var next = draw(0)
    var judged: (batches: [PlacedRows], judgements: [Judgements]) = ([], [])
    for start in stride(from: 0, to: count, by: batchSize) where !Task.isCancelled {
      let batches = await next.value
      next = draw(start + batchSize)
      async let judgements = trial.claim.judge(batches)
      _ = observe(judged.batches, judged.judgements, from: 0, &stage)
      judged = (batches, try await judgements)
    }
    _ = observe(judged.batches, judged.judgements, from: 0, &stage)
    report.stages.append(stage)
  }

  /// Climbs from the worst cases so far.
  private mutating func search() async throws {
    let count = trial.plan.searchCount
    guard count > 0, !ascent.isEmpty, !Task.isCancelled else { return }
    var stage = TrialReport.Stage(name: "search")
    for start in stride(from: 0, to: count, by: batchSize) where !Task.isCancelled {
      let proposals = ascent.proposals(count: min(batchSize, count - start))
      let batches = proposals.map(\.input).batches(in: trial.claim.format)
      let badness = try await judge(batches, from: start, &stage)
      let temperature = 1 - Double(start) / Double(count)
      for (proposal, badness) in zip(proposals, badness) {
        ascent.consider(proposal, badness: badness, temperature: temperature)
      }
    }
    report.stages.append(stage)
  }

  /// Judges batches, and counts what they say.
  private mutating func judge(
    _ batches: [PlacedRows], from start: Int, _ stage: inout TrialReport.Stage
  ) async throws -> [Double] {
    observe(batches, try await trial.claim.judge(batches), from: start, &stage)
  }

  /// Counts what batches say, and keeps the first failure of each kind.
  ///
  /// - Parameter start: What their places are counted from.
  /// - Returns: The badness of each row by its place, in order.
  private mutating func observe(
    _ batches: [PlacedRows], _ judgements: [Judgements], from start: Int,
    _ stage: inout TrialReport.Stage
  ) -> [Double] {
    var badness = [Double](repeating: 0, count: batches.reduce(0) { $0 + $1.rows.count })
    var firsts: [Failure.Kind: Suspect] = [:]
    let known = Set(stage.failures.keys)
    for (var batch, judgements) in zip(batches, judgements) {
      for (row, place) in batch.places.enumerated() where badness.indices.contains(place) {
        badness[place] = judgements.badness[row]
      }
      for row in batch.places.indices { batch.places[row] += start }
      stage.observe(judgements, of: batch)
      if stage.name == "known" {
        for (row, place) in batch.places.enumerated() where judgements.abstentions[row] == nil {
          report.known[place] = report.known[place] == true || judgements.failures[row] != nil
        }
      }
      for reason in judgements.abstentions.values { report.leaveOut(reason) }
      note(judgements, of: batch, in: stage.name)
      ascent.offer(batch.rows, judgements.badness)
      for (row, failure) in judgements.failures {
        let place = batch.places[row]
        guard !known.contains(failure.kind) else { continue }
        if let first = firsts[failure.kind], (first.place, first.row) <= (place, row) { continue }
        firsts[failure.kind] = Suspect(
          stage: stage.name, place: place, failure: failure, rows: batch.rows, row: row,
          judgements: judgements)
      }
      done += batch.rows.count
      progress(done, total)
    }
    for suspect in firsts.values.sorted(by: { $0.place < $1.place }) {
      suspects.append(keep(suspect))
    }
    return badness
  }

  /// Notes what went wrong and was not repeated.
  private mutating func note(
    _ judgements: Judgements, of batch: PlacedRows, in stage: String
  ) {
    for (row, lapses) in judgements.lapses.sorted(by: { $0.key < $1.key }) {
      for lapse in lapses {
        report.note(lapse)
        guard firstLapse == nil, !lapse.mayComeFromOutside else { continue }
        firstLapse =
          Suspect(
            stage: stage, place: batch.places[row], failure: lapse, rows: batch.rows, row: row,
            judgements: judgements
          ).alone
      }
    }
  }

  /// The suspect, without the rows beside it where there are several of its kind.
  private func keep(_ suspect: Suspect) -> Suspect {
    let kind = suspect.failure.kind
    let count = suspects.count { $0.failure.kind == kind && $0.rows.count > 1 }
    return count < Self.greatestBatchCount ? suspect : suspect.alone
  }

  /// Asks again for what failed, and makes it as simple as it may be.
  mutating func examineSuspects() async throws {
    for suspect in suspects {
      let kind = suspect.failure.kind
      // What ends a program is found by many families and costs a start each time: once is enough.
      let known = report.findings.firstIndex { $0.failure == suspect.failure }
      if kind.isCostly, let known {
        report.findings[known].laterStages.append(suspect.stage)
        continue
      }
      // Many families find one defect: the first gets the most effort.
      let earlier = report.findings.count { $0.failure.kind == kind }
      let examiner = Examiner(trial.claim, effort: trial.plan.shrinkingEffort / (1 + earlier))
      let finding = try await examiner.finding(of: suspect, besides: report.findings)
      if let same = report.findings.firstIndex(where: { $0.isSame(as: finding) }) {
        report.findings[same].laterStages.append(suspect.stage)
      } else {
        report.findings.append(finding)
      }
    }
    report.settle(firstLapse?.finding(.notDeterministic))
    if Task.isCancelled { report.isComplete = false }
  }
}

extension Claim {
  /// What batches say, asked one after the other.
  fileprivate func judge(_ batches: [PlacedRows]) async throws -> [Judgements] {
    var judgements: [Judgements] = []
    for batch in batches { judgements.append(try await judge(batch.rows)) }
    return judgements
  }
}
