internal import CLossOracle
internal import Checking
internal import Dispatch
internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import SmallFoundation
internal import Synchronization

/// A trial whose subject is a caller that asks for each batch and answers it when it likes.
final class TrialSession: Sendable {
  private struct State {
    var pending: [PendingBatch] = []
    var count: UInt64 = 0
    var isCancelled = false
    var task: Task<Void, Never>?
    var outcome: Result<TrialOutcome, EntryError>?
    var progress: (done: Int, total: Int) = (0, 0)
  }

  let contract: CheckContract
  private let state = Mutex(State())
  /// Signalled whenever there is something new.
  private let changed = DispatchSemaphore(value: 0)
  private let process = getpid()

  init(_ specification: TrialSpecification) throws {
    if let refusal = Threads.refusal() { throw refusal }
    contract = try specification.contract()
    let plan = try specification.plan(contract)
    let name = specification.subject ?? "function"
    let note = { @Sendable (done: Int, total: Int) in
      self.state.withLock { $0.progress = (done, total) }
    }
    let task = Task.detached { [contract] in
      let outcome: Result<TrialOutcome, EntryError>
      do {
        if contract.reduction == .none {
          let check = Check(CallerSubject(session: self), named: name, contract, plan)
          outcome = .success(.rows(try await check.run(progress: note)))
        } else {
          let check = BatchCheck(contract, plan, named: name) { await self.askAsOne($0) }
          outcome = .success(.batches(try await check.run(progress: note)))
        }
      } catch {
        outcome = .failure(EntryError(LO_FAILED, "\(error)"))
      }
      self.state.withLock { $0.outcome = outcome }
      self.changed.signal()
    }
    state.withLock { $0.task = task }
  }

  /// Checks that this is no child of the process in which the trial runs.
  func requireOwnProcess() throws {
    guard getpid() == process else { throw EntryError.forked }
  }

  /// Has rows answered.
  fileprivate func ask(_ rows: LossRows) async -> RowAnswers {
    let outputsPerRow = contract.function.outputCount(classCount: rows.classCount)
    let refused = RowAnswers(
      unsupported: "\(TrialReport.refusal): the trial was cancelled", count: max(rows.count, 1),
      outputsPerRow: outputsPerRow, in: contract.outputFormat)
    return await withCheckedContinuation { continuation in
      let batch = state.withLock { state -> PendingBatch? in
        guard !state.isCancelled else { return nil }
        state.count += 1
        let isOne = contract.reduction != .none && !contract.function.isGradient
        let batch = PendingBatch(
          number: state.count, rows, outputsPerRow,
          outputCount: isOne ? 1 : rows.count * outputsPerRow, refused, continuation)
        state.pending.append(batch)
        return batch
      }
      if batch == nil { continuation.resume(returning: refused) } else { changed.signal() }
    }
  }

  /// Has a batch answered whose losses become one.
  private func askAsOne(_ rows: LossRows) async -> BatchAnswer {
    let answers = await ask(rows)
    if let failure = answers.failures.min(by: { $0.key < $1.key })?.value {
      return .failed(failure)
    }
    guard let reason = answers.abstentions.min(by: { $0.key < $1.key })?.value else {
      return .outputs(answers.values)
    }
    return reason.hasPrefix(TrialReport.refusal) ? .interrupted : .unsupported(reason)
  }

  /// Ends the trial before its time.
  func cancel() {
    let (pending, task) = state.withLock { state in
      state.isCancelled = true
      defer { state.pending = [] }
      return (state.pending, state.task)
    }
    task?.cancel()
    for batch in pending { batch.continuation.resume(returning: batch.refused) }
  }

  /// What the caller may get now: a batch, or that there are none any more.
  enum Next {
    case batch(PendingBatch)
    case finished
    case waiting
  }

  /// The next batch, waited for so many seconds.
  func next(within seconds: Double) throws -> Next {
    // NaN waits for nothing.
    let patience = seconds > 0 ? min(seconds, 3600) : 0
    let deadline = DispatchTime.now() + patience
    while true {
      if let batch = state.withLock({ $0.pending.first }) { return .batch(batch) }
      if let outcome = state.withLock({ $0.outcome }) {
        _ = try outcome.get()
        return .finished
      }
      guard changed.wait(timeout: deadline) == .success else { return .waiting }
    }
  }

  /// The batch of a number that waits for its answer.
  func pending(_ number: UInt64) throws -> PendingBatch {
    guard let batch = state.withLock({ $0.pending.first { $0.number == number } }) else {
      throw EntryError.argument(
        "no batch \(number) waits for an answer; the trial may have been cancelled")
    }
    return batch
  }

  /// Answers a batch, once.
  func answer(_ batch: PendingBatch, _ answers: RowAnswers) throws {
    let isFirst = state.withLock { state -> Bool in
      guard let place = state.pending.firstIndex(where: { $0 === batch }) else { return false }
      state.pending.remove(at: place)
      return true
    }
    guard isFirst else {
      throw EntryError.argument("batch \(batch.number) has been answered already")
    }
    batch.continuation.resume(returning: answers)
  }

  var progress: (done: Int, total: Int) { state.withLock { $0.progress } }

  /// What was found.
  func result() throws -> TrialOutcome {
    guard let outcome = state.withLock({ $0.outcome }) else {
      throw EntryError(LO_WAITING, "the trial is not finished; answer its batches, or cancel it")
    }
    return try outcome.get()
  }
}

/// What a trial has found.
enum TrialOutcome: Sendable {
  case rows(CheckResult)
  case batches(BatchCheckResult)
}

/// Rows that wait for an answer, in memory that stays where it is.
final class PendingBatch: @unchecked Sendable {
  let number: UInt64
  let rowCount: Int
  let classCount: Int
  let outputsPerRow: Int
  /// How many outputs the answer has: one, or those of the rows.
  let outputCount: Int
  let targetKind: TargetKind
  let logits: UnsafeMutableRawBufferPointer
  let labels: UnsafeMutableBufferPointer<Int32>
  let probabilities: UnsafeMutableRawBufferPointer
  let gradOutput: UnsafeMutableRawBufferPointer
  let gradOutputCount: Int
  fileprivate let refused: RowAnswers
  fileprivate let continuation: CheckedContinuation<RowAnswers, Never>

  fileprivate init(
    number: UInt64, _ rows: LossRows, _ outputsPerRow: Int, outputCount: Int, _ refused: RowAnswers,
    _ continuation: CheckedContinuation<RowAnswers, Never>
  ) {
    self.number = number
    rowCount = rows.count
    classCount = rows.classCount
    self.outputCount = outputCount
    self.outputsPerRow = outputsPerRow
    targetKind = rows.targetKind
    logits = Self.copy(rows.logits.encoded)
    probabilities = Self.copy(rows.probabilities.encoded)
    gradOutput = Self.copy(rows.gradOutputs.encoded)
    gradOutputCount = rows.gradOutputCount
    labels = .allocate(capacity: rows.labels.count)
    _ = labels.initialize(fromContentsOf: rows.labels)
    self.refused = refused
    self.continuation = continuation
  }

  deinit {
    logits.deallocate()
    labels.deallocate()
    probabilities.deallocate()
    gradOutput.deallocate()
  }

  private static func copy(_ bytes: [UInt8]) -> UnsafeMutableRawBufferPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    memory.copyBytes(from: bytes)
    return memory
  }
}

/// The caller as the engine sees it.
private struct CallerSubject: Subject {
  let session: TrialSession

  func answers(to rows: LossRows) async throws -> RowAnswers { await session.ask(rows) }
}
