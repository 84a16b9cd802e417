internal import FloatFormats
internal import Interchange
public import LossFunctions
public import PropertyEngine
internal import Synchronization

/// A program that answers over the live protocol, kept running for as long as it answers.
///
/// Rows are sent many at a time. Where a request goes wrong, its rows are sent one by one, or halves of
/// them where that takes less time, until the row is found that it goes wrong on; the program is started
/// again whenever it has ended, hung or written what is no reply.
///
/// **What failures may cost.** One clock runs from the first failure on, through endings, new starts and
/// answers alike. To find the first failing row may take the whole of a budget; from there on the survey
/// has two fifths of it, spent as the survey goes on so that late families are asked, too; what is asked
/// again after it has three tenths. Rows for which no time is left are not asked.
///
/// **What counts as a hang.** No answer to one row, in the whole time, from a program that has been
/// started afresh and has answered since.
///
/// **What counts at all.** An end or a hang of which a new process has shown the same. Where that answers, its
/// answers count, and what went wrong is told as a lapse.
public actor ProgramSubject: Subject {
  let program: LiveProgram
  private let contract: CheckContract
  let timeout: Duration
  private let startTimeout: Duration
  private let budget: Duration
  private let firstRows: LossRows
  /// The time of the slowest reply, of the last, and of the last start.
  private var slowest = Duration.zero
  var lastReply = Duration.zero
  var lastStart = Duration.zero
  /// The time taken since the first failure, of it what finding its row took, and where all must end.
  var spent = Duration.zero
  var firstCost: Duration?
  private var examinationEnd: Duration?
  /// Whether something has failed, so that the clock runs.
  var hasFailed = false
  /// The share of the survey that is done, where that is told.
  private let progress = Mutex(1.0)
  /// How many rows have been found that fail in a way.
  var locatedCounts: [Failure: Int] = [:]
  /// The ends that a new process has repeated.
  var repeatedEnds: Set<Failure> = []
  /// The batches that have ended it twice.
  private var endedBatchCount = 0
  /// Why nothing is asked any more.
  var surrender: String?
  /// The batch that is being answered, or the last of those in line.
  private var turn: Task<Void, Never>?
  /// How many batches have requests that are not in line yet.
  private var openCount = 0
  /// Whether a request has gone without an answer, and whether one row has from a new program.
  var hasHung = false
  var hasConfirmedHang = false
  /// The size of a request, which grows as long as replies come fast.
  var payloadSize = 1 << 16

  private static let greatestPayload = 1 << 22
  /// The failing rows that are looked for in one batch, and of one kind in all.
  private static let locatedLimit = 16
  static let kindLimit = 8

  /// A program that is not running yet.
  ///
  /// - Parameters:
  ///   - name: What it is called in errors; the command where it is nil.
  ///   - timeout: How long one request may take.
  ///   - startTimeout: How long the first one may take, each time that the program is started.
  ///   - budget: What all may take after the first failure; by default 20 seconds, or four requests.
  ///   - asksFirst: Whether an easy row must be answered before anything else is asked. Else the
  ///     first request has no rows.
  public init(
    _ command: [String], named name: String? = nil, answering contract: CheckContract,
    timeout: Duration = .seconds(5),
    startTimeout: Duration = .seconds(60), budget: Duration? = nil, asksFirst: Bool = true
  ) {
    program = LiveProgram(command, named: name)
    self.contract = contract
    self.timeout = timeout
    self.startTimeout = startTimeout
    self.budget = budget ?? max(.seconds(20), timeout * 4)
    firstRows = contract.easyRows(count: asksFirst ? 1 : 0)
  }

  /// Starts the program and waits until it has answered, or the task is cancelled.
  ///
  /// - Throws: `ProgramError` where it cannot be started or does not answer.
  public func start() async throws(ProgramError) {
    guard !program.isRunning else { return }
    let began = ContinuousClock.now
    try program.start()
    let request = LiveRequest(contract: contract, rows: firstRows, range: 0..<firstRows.count)
    let outcome = await exchange(request, patience: startTimeout)
    lastStart = .now - began
    // Any reply will do: what is wrong with it is found again with a row of a family.
    guard case .failed(let failure) = outcome, !program.isRunning else { return }
    throw program.answersNothing(failure)
  }

  /// Lets the program end: its stdin is closed, and after a second it is ended.
  public func finish() async { await program.end(grace: .seconds(1)) }

  /// Takes note of how much of the survey is done.
  public nonisolated func note(_ done: Int, of total: Int) {
    progress.withLock { $0 = min(1, Double(done) / Double(max(total, 1))) }
  }

  /// Says that all cases have been asked, and that failing ones are to be asked again.
  public func beginExamination() {
    examinationEnd = spent + budget * (firstCost == nil ? 0.8 : 0.3)
    hasFailed = true
  }

  public func answers(to rows: LossRows) async throws -> RowAnswers {
    try await asking(rows).value()
  }

  public func patientAnswers(to rows: LossRows) async throws -> RowAnswers {
    try await inTurn { subject in await subject.answerPatiently(rows) }.value()
  }

  /// What fits into one request is put together while the program computes, and sent as soon as it has answered.
  public func asking(_ rows: LossRows) async -> Pending<RowAnswers> {
    let request = LiveRequest(contract: contract, rows: rows, range: 0..<rows.count)
    if openCount == 0, rows.count > 0, rowCount(in: AnsweredBatch(rows, contract)) >= rows.count,
      surrender == nil, let sent = send(request, patience: patience, follows: true)
    {
      return inTurn { subject in await subject.answer(rows, to: (request, sent)) }
    }
    openCount += 1
    return inTurn { subject in await subject.answer(rows) }
  }

  /// One batch at a time, in the order in which they are asked.
  private func inTurn(
    _ body: @escaping @Sendable (ProgramSubject) async -> RowAnswers
  ) -> Pending<RowAnswers> {
    let previous = turn
    let answer = Task {
      await previous?.value
      return await body(self)
    }
    turn = Task { _ = await answer.value }
    let cancel: @Sendable () -> Void = { answer.cancel() }
    return Pending(
      {
        await withTaskCancellationHandler {
          await answer.value
        } onCancel: {
          cancel()
        }
      },
      cancel: cancel)
  }

  /// The answer to a whole batch, in one request. An end or a hang counts where a new process repeats it.
  func reducedAnswer(to rows: LossRows) async throws -> BatchAnswer {
    if let surrender { return .unsupported(surrender) }
    guard endedBatchCount < Self.kindLimit else {
      return .unsupported("not asked: too many batches had ended the program")
    }
    let first = await askReduced(rows)
    guard case .failed = first, !program.isRunning else { return first }
    let second = await askReduced(rows)
    if case .failed = second, !program.isRunning { endedBatchCount += 1 }
    return second
  }

  private func askReduced(_ rows: LossRows) async -> BatchAnswer {
    do {
      try await start()
    } catch {
      surrender = "not asked: \(error)"
      return .failed(Failure(.crash, error.description))
    }
    let request = LiveRequest(contract: contract, rows: rows, range: 0..<rows.count)
    switch await exchange(request, patience: timeout) {
    case .answered(let part):
      return part.abstentions[0].map { .unsupported($0) } ?? .outputs(part.values)
    case .failed(let failure): return .failed(failure)
    case .interrupted: return .interrupted
    }
  }

  /// - Parameter first: The request of all rows, where it stands in line.
  private func answer(
    _ rows: LossRows, to first: (request: LiveRequest, sent: LiveProgram.Sent)? = nil
  ) async -> RowAnswers {
    var (batch, first) = (AnsweredBatch(rows, contract), first)
    while let start = batch.next {
      if Task.isCancelled, first == nil { return batch.refusing(Self.interrupted) }
      if let reason = refusal(of: batch) { return batch.refusing(reason) }
      let range = start..<min(start + rowCount(in: batch), rows.count)
      let isPatient = patience == timeout
      let result: Result
      if let given = first.take() {
        // What was not sent, for something before it went wrong, is asked as if it had not been in line.
        guard let given = await self.result(of: given) else {
          openCount += 1
          continue
        }
        result = given
      } else {
        if range.upperBound == rows.count { openCount -= 1 }
        result = await ask(rows, range)
      }
      switch result {
      case .answered(let part): batch.answers.append(part)
      case .failed(let failure): await locate(failure, range, &batch, isPatient: isPatient)
      case .interrupted: return batch.refusing(Self.interrupted)
      }
    }
    return batch.answers
  }

  private func answerPatiently(_ rows: LossRows) async -> RowAnswers {
    var batch = AnsweredBatch(rows, contract)
    // What has been found may be confirmed when nothing else is asked any more.
    if let surrender { return batch.refusing(surrender) }
    if spent > allowance + timeout { return batch.refusing(Self.spentText) }
    await program.end()
    switch await ask(rows, 0..<rows.count, patience: timeout) {
    case .answered(let part): batch.answers.append(part)
    case .failed(let failure):
      for _ in 0..<rows.count { batch.answers.append(failure) }
    case .interrupted: break
    }
    return batch.refusing(Self.interrupted)
  }

  /// How many rows of a batch are asked about at a time.
  private func rowCount(in batch: AnsweredBatch) -> Int {
    contract.layout.filled(max(1, payloadSize / batch.rowSize))
  }

  /// Why no more rows of a batch are asked; nil where they are.
  private func refusal(of batch: AnsweredBatch) -> String? {
    if let surrender { return surrender }
    if spent > allowance { return Self.spentText }
    let limit = examinationEnd == nil ? Self.locatedLimit : 1
    return batch.refusal
      ?? (batch.locatedCount >= limit ? "rows beside it had failed, which takes long" : nil)
  }

  /// How much time may have been taken since the first failure.
  var allowance: Duration {
    if let examinationEnd { return examinationEnd }
    guard let firstCost else { return budget }
    return firstCost + budget * (0.1 + 0.3 * progress.withLock(\.self))
  }

  private static let spentText = "not asked: failures had taken their share of the time"

  private static let interrupted = "not answered before the interruption"

  /// How long to wait. Once it has hung, requests are not waited for as long as one that may only be
  /// slow: five times the slowest reply so far is enough to tell where to look.
  var patience: Duration {
    hasHung ? min(timeout, max(.milliseconds(500), slowest * 5)) : timeout
  }

  /// What came of a request.
  enum Result {
    case answered(RowAnswers)
    case failed(Failure)
    case interrupted
  }

  /// Asks for some rows of a program that is running by then.
  func ask(
    _ rows: LossRows, _ range: Range<Int>, patience: Duration? = nil
  ) async -> Result {
    if !program.isRunning {
      let began = ContinuousClock.now
      defer { if hasFailed { spent += .now - began } }
      do {
        try await start()
      } catch {
        surrender = "not asked: \(error)"
        return .failed(Failure(.crash, error.description))
      }
    }
    let request = LiveRequest(contract: contract, rows: rows, range: range)
    let began = ContinuousClock.now
    let result = await exchange(request, patience: patience ?? self.patience)
    note(result, after: ContinuousClock.now - began)
    return result
  }

  /// What comes of a request that stands in line; nil where it has not been sent.
  private func result(
    of request: (request: LiveRequest, sent: LiveProgram.Sent)
  ) async -> Result? {
    guard let (answer, beginning) = await program.answer(to: request.sent) else { return nil }
    let result = result(answer, to: request.request)
    note(result, after: .now - beginning)
    return result
  }

  /// Takes note of what came of a request, and of how long it took.
  private func note(_ result: Result, after duration: Duration) {
    switch result {
    case .answered:
      (slowest, lastReply) = (max(slowest, duration), duration)
      if duration < timeout / 16 { payloadSize = min(payloadSize * 2, Self.greatestPayload) }
    case .failed: hasFailed = true
    case .interrupted: break
    }
    if hasFailed { spent += duration }
  }

  /// One request and its reply.
  private func exchange(_ request: LiveRequest, patience: Duration) async -> Result {
    guard let sent = send(request, patience: patience, follows: false),
      let (answer, _) = await program.answer(to: sent)
    else { return .interrupted }
    return result(answer, to: request)
  }

  private func send(
    _ request: LiveRequest, patience: Duration, follows: Bool
  ) -> LiveProgram.Sent? {
    program.send(
      request.bytes, replySize: request.replySize, patience: patience,
      isWatched: request.range.count == 1, follows: follows)
  }

  private func result(_ answer: LiveProgram.Answer, to request: LiveRequest) -> Result {
    let count = request.range.count
    let outputsPerRow = contract.outputsPerRow(of: request.rows)
    switch answer {
    case .reply(let bytes):
      return .answered(RowAnswers(request.outputs(bytes), outputsPerRow: outputsPerRow))
    case .unsupported(let reason):
      return .answered(
        RowAnswers(
          unsupported: reason, count: max(count, 1), outputsPerRow: outputsPerRow,
          in: contract.outputFormat))
    case .wrongSize(let failure, contract.outputFormat.byteCount)
    where count > 1 && contract.reduction == .none:
      return .failed(
        failure.noting(
          "one value for all the rows: each is to have its own, and no mean or sum taken"))
    case .late(let failure):
      hasHung = true
      return .failed(failure)
    case .wrongSize(let failure, _), .failed(let failure): return .failed(failure)
    case .interrupted: return .interrupted
    }
  }
}

extension CheckContract {
  /// Rows without any difficulty, of as many classes as the options are for.
  fileprivate func easyRows(count: Int) -> LossRows {
    let half = FloatValue(isNegative: false, significand: 1, exponent: -1)
    let isBinary = function.isBinary
    let classCount = isBinary ? 1 : options.classCount ?? 2
    let target: Target =
      if !function.hasTarget {
        .none
      } else if function.comparesLogits {
        .logits((0..<classCount).map { $0 == 0 ? .one : half })
      } else { isBinary ? .probabilities([.one]) : .index(0) }
    let gradOutput = [FloatValue](
      repeating: .one, count: function.gradOutputCount(classCount: classCount, options))
    var rows = LossRows(
      format, classCount: classCount, targetKind: target.kind, gradOutputCount: gradOutput.count)
    let logits = (0..<classCount).map { index in
      switch options.input {
      case .logits: index == 0 ? half : FloatValue.one
      case .probabilities: half
      case .logProbabilities: FloatValue.one.negated
      }
    }
    for _ in 0..<count {
      rows.append(LossInput(logits: logits, target: target, gradOutput: gradOutput))
    }
    return rows
  }
}
