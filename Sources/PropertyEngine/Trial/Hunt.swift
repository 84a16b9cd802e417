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
  ///
  /// - Parameter begin: Called before the code is asked anything, while cases are being drawn.
  mutating func survey(_ begin: @Sendable () async throws -> Void) async throws {
    let sources = knownSources + familySources
    var stages = sources.map { TrialReport.Stage(name: $0.stage) }
    var current = -1
    let survey = Survey(
      claim: trial.claim, sources: sources, isRanking: trial.plan.searchCount > 0)
    try await survey.run(begin) { portion, batches, judgements in
      current = portion.source
      observe(batches, judgements, &stages[current])
    }
    // An interrupted one has as many as it came to.
    report.stages = Task.isCancelled ? Array(stages.prefix(current + 1)) : stages
    try await search()
    report.isComplete = !Task.isCancelled && report.refusedCount == 0
  }

  /// The cases that failed before: rows by themselves, and then batches.
  private var knownSources: [CaseSource] {
    let (plan, format) = (trial.plan, trial.claim.format)
    guard !plan.known.isEmpty || !plan.knownBatches.isEmpty else { return [] }
    let rowCount = plan.known.count
    return [
      CaseSource(
        stage: TrialReport.Stage.knownName, count: rowCount + plan.knownBatches.count,
        caseSize: caseSize(trial.shape.logitCount)
      ) { [batchSize] start in
        start < rowCount ? min(batchSize, rowCount - start) : 1
      } cases: { range in
        if range.upperBound <= rowCount {
          return Array(plan.known[range]).batches(in: format).map { placed in
            PlacedRows(placed.rows, places: placed.places.map { range.lowerBound + $0 })
          }
        }
        // The rows of a batch have one place: it is the batch that is known.
        let rows = plan.knownBatches[range.lowerBound - rowCount]
        return [
          PlacedRows(rows, places: [Int](repeating: range.lowerBound, count: rows.count))
        ]
      }
    ]
  }

  /// The bytes that a row of so many classes takes: its numbers, and of each output the exact value, what was computed, and
  /// what they come to.
  private func caseSize(_ classCount: Int) -> Int {
    8 * classCount + 64 * trial.claim.function.outputCount(classCount: classCount)
  }

  private var familySources: [CaseSource] {
    let (shape, seed) = (trial.shape, trial.plan.seed)
    return trial.stages.map { family, count in
      // Rows of ten numbers of classes make ten batches: the fewer, the less a slow program is asked.
      let greatest = family.greatestClassCount
      let size = min(familyBatchSize, max(1, (1 << 18) / (greatest ?? 1)))
      return CaseSource(
        stage: family.name, count: count, caseSize: caseSize(max(shape.logitCount, greatest ?? 1))
      ) { _ in
        size
      } cases: {
        family.rows(shape, seed: seed, indices: $0)
      }
    }
  }

  /// Climbs from the worst cases so far.
  private mutating func search() async throws {
    let count = trial.plan.searchCount
    guard count > 0, !ascent.isEmpty, !Task.isCancelled else { return }
    var stage = TrialReport.Stage(name: "search")
    for start in stride(from: 0, to: count, by: batchSize) where !Task.isCancelled {
      let proposals = ascent.proposals(count: min(batchSize, count - start))
      var batches = proposals.map(\.input).batches(in: trial.claim.format)
      let judgements = try await trial.claim.judge(batches)
      var badness = [Double](repeating: 0, count: proposals.count)
      for (index, judgements) in judgements.enumerated() {
        for (row, place) in batches[index].places.enumerated() {
          badness[place] = judgements.badness[row]
          batches[index].places[row] = start + place
        }
      }
      observe(batches, judgements, &stage)
      let temperature = 1 - Double(start) / Double(count)
      for (proposal, badness) in zip(proposals, badness) {
        ascent.consider(proposal, badness: badness, temperature: temperature)
      }
    }
    report.stages.append(stage)
  }

  /// Counts what batches say, and keeps the first failure of each kind.
  private mutating func observe(
    _ batches: [PlacedRows], _ judgements: [Judgements], _ stage: inout TrialReport.Stage
  ) {
    var firsts: [Failure.Kind: Suspect] = [:]
    let known = Set(stage.failures.keys)
    for (batch, judgements) in zip(batches, judgements) {
      stage.observe(judgements, of: batch)
      if stage.name == TrialReport.Stage.knownName {
        for (row, place) in batch.places.enumerated() where judgements.abstentions[row] == nil {
          report.known[place] = report.known[place] == true || judgements.failures[row] != nil
        }
      }
      for reason in judgements.abstentions.values { report.leaveOut(reason) }
      note(judgements, of: batch, in: stage.name)
      if trial.plan.searchCount > 0 { ascent.offer(batch.rows, judgements.badness) }
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
