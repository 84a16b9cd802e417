internal import FloatFormats
public import LossFunctions
public import PropertyEngine

/// A program that answers over the live protocol, kept running for as long as it answers.
///
/// Rows are sent many at a time, those of one number of classes together. Where a request goes wrong
/// it is cut in halves until the row is found that it goes wrong on; the program is started again
/// whenever it has ended, hung or written what is no reply.
///
/// **What failures may cost.** Each is waited for, and a program that fails everywhere would be waited
/// for without end. In one batch at least the first failing row is found; rows that would cost more
/// after that are not asked. After thirty times the time that one request may take, nothing is.
public actor ProgramSubject: Subject {
  /// The command and its arguments.
  public nonisolated let command: [String]
  private let question: LiveQuestion
  private let timeout: Duration
  private let startTimeout: Duration
  private var process: ChildProcess?
  private var requestCount = 0
  /// Whether the program, as it runs, has answered; and the time of its slowest reply after that.
  private var hasAnswered = false
  private var slowest = Duration.zero
  /// The time that failures have cost.
  private var spent = Duration.zero
  /// Whether a row is asked when it starts, until then not to be counted.
  private var warms = true
  /// Why nothing is asked any more.
  private var surrender: String?
  /// The batch that is being answered.
  private var turn: Task<Void, Never>?
  /// Whether a request has gone without an answer, and whether one row has for the whole time.
  private var hasHung = false
  private var hasConfirmedHang = false
  /// The failures that single rows have shown.
  private var isolated: Set<Failure> = []
  /// What failures have cost in this batch.
  private var spentOnBatch = Duration.zero

  private static let greatestPayload = 1 << 22
  private static let spentOnBatchLimit = Duration.seconds(1)
  private static let spentLimitInTimeouts = 30
  /// What a program writes after its reply is to be told of the row that it comes from.
  private static let grace = Duration.milliseconds(2)

  /// A program that is not running yet.
  ///
  /// - Parameters:
  ///   - timeout: How long one request may take.
  ///   - startTimeout: How long the first one may take, in which a framework is loaded.
  public init(
    _ command: [String], answering question: LiveQuestion, timeout: Duration = .seconds(5),
    startTimeout: Duration = .seconds(60)
  ) {
    self.command = command
    self.question = question
    self.timeout = timeout
    self.startTimeout = max(startTimeout, timeout)
  }

  /// Starts the program and waits until it has answered a row.
  ///
  /// - Throws: `ProgramError` where it cannot be started or ends before it has answered.
  public func start() async throws(ProgramError) {
    guard process == nil else { return }
    process = try await ChildProcess.start(command)
    guard warms else { return }
    let request = LiveRequest(question: question, rows: [question.function.warmingRow])
    // What is wrong with the answer is found again with a row of a family; but a program that ends
    // here, for want of a library perhaps, has not been started at all.
    if case .failure(let failure) = await exchange(request, patience: startTimeout), process == nil
    {
      guard failure.kind == .crash else {
        warms = false
        process = try await ChildProcess.start(command)
        return
      }
      throw .answersNothing(
        command: command.joined(separator: " "),
        reason: [failure.message, failure.note].compactMap(\.self).joined(separator: "; "))
    }
  }

  /// Lets the program end: its stdin is closed, and after a second it is killed.
  public func finish() async {
    _ = await process?.end(grace: .seconds(1))
    process = nil
  }

  public func answers(to rows: LossRows) async throws -> RowAnswers {
    RowAnswers(
      try await responses(to: (0..<rows.count).map { rows[$0] }), in: question.outputFormat)
  }

  private func responses(to inputs: [LossInput]) async throws -> [Response] {
    let previous = turn
    let answer = Task {
      await previous?.value
      return try await self.answer(inputs)
    }
    turn = Task { _ = await answer.result }
    return try await answer.value
  }

  public func patientAnswers(to rows: LossRows) async throws -> RowAnswers {
    let (hadHung, hadConfirmed) = (hasHung, hasConfirmedHang)
    // Without these a reply is waited for the whole time.
    hasHung = false
    hasConfirmedHang = false
    let answers = try await answers(to: rows)
    (hasHung, hasConfirmedHang) = (hasHung || hadHung, hasConfirmedHang || hadConfirmed)
    return answers
  }

  private func answer(_ inputs: [LossInput]) async throws -> [Response] {
    spentOnBatch = .zero
    var responses = [Response](repeating: .unsupported("not asked"), count: inputs.count)
    let groups = Dictionary(grouping: inputs.indices) { inputs[$0].requestShape }
      .values.sorted { ($0.first ?? 0) < ($1.first ?? 0) }
    for group in groups {
      let rowSize = max(1, (inputs[group[0]].logits.count + 1) * question.format.byteCount)
      let rowCount = max(1, Self.greatestPayload / rowSize)
      for start in stride(from: 0, to: group.count, by: rowCount) {
        let indices = group[start..<min(start + rowCount, group.count)]
        let answers = try await ask(indices.map { inputs[$0] }[...])
        for (index, answer) in zip(indices, answers) { responses[index] = answer }
      }
    }
    return responses
  }

  /// Asks for rows of one shape; where that fails, for each half of them.
  private func ask(_ rows: ArraySlice<LossInput>) async throws -> [Response] {
    if let reason = refusal { return rows.map { _ in .unsupported(reason) } }
    let failure: Failure
    switch await exchange(LiveRequest(question: question, rows: Array(rows)), patience: patience) {
    case .success(let responses): return responses
    case .failure(let reason): failure = reason
    }
    if rows.count == 1 {
      if failure.kind == .hang, patience < timeout, !hasConfirmedHang {
        // The first is a hang only after the whole time that a request may take.
        let request = LiveRequest(question: question, rows: Array(rows))
        switch await exchange(request, patience: timeout) {
        case .success(let responses): return responses
        case .failure(let again):
          hasConfirmedHang = again.kind == .hang
          isolated.insert(again)
          return [.failed(again)]
        }
      }
      isolated.insert(failure)
      return [.failed(failure)]
    }
    if isolated.contains(failure), spentOnBatch > Self.spentOnBatchLimit {
      // One of the rows is as bad as one that is known: which, is not worth the time.
      return [.failed(failure)] + rows.dropFirst().map { _ in .unsupported(Self.tooCostly) }
    }
    let middle = rows.startIndex + rows.count / 2
    var responses = try await ask(rows[..<middle])
    responses += try await ask(rows[middle...])
    let isExplained = responses.contains { response in
      switch response {
      case .failed, .unsupported: true
      case .outputs: false
      }
    }
    if !isExplained {
      responses[0] = .failed(
        Failure(
          failure.kind,
          "\(failure.message), on a request of \(rows.count) rows and not on either half of them",
          note: failure.note))
    }
    return responses
  }

  /// Why a row is not asked; nil where it is.
  private var refusal: String? {
    if let surrender { return surrender }
    return !isolated.isEmpty && spentOnBatch > Self.spentOnBatchLimit ? Self.tooCostly : nil
  }

  private static let tooCostly = "not asked: a row beside it had failed, which takes long"

  /// How long to wait. Once it has hung, requests are not waited for as long as one that may only be
  /// slow: twenty times the slowest reply so far is enough to tell.
  private var patience: Duration {
    hasHung ? min(timeout, max(.milliseconds(500), slowest * 20)) : timeout
  }

  /// One request and its reply, from a program that is running.
  private func exchange(
    _ request: LiveRequest, patience: Duration
  ) async -> Result<[Response], Failure> {
    let clock = ContinuousClock()
    if process == nil {
      let began = clock.now
      do {
        try await start()
      } catch {
        surrender = "not asked: \(error)"
        return .failure(Failure(.crash, error.description))
      }
      spend(clock.now - began)
    }
    guard let process else { return .failure(Failure(.crash, "the program does not run")) }
    requestCount += 1
    let began = clock.now
    let outcome = await process.exchange(
      request.bytes(id: requestCount), id: requestCount, replySize: request.replySize,
      patience: patience, grace: Self.grace)
    let duration = clock.now - began
    switch outcome {
    case .reply(let bytes):
      // The first reply is slow for other reasons.
      if hasAnswered { slowest = max(slowest, duration) }
      hasAnswered = true
      return .success(request.outputs(bytes[...]).map(Response.outputs))
    case .unsupported(let reason):
      return .success(request.rows.map { _ in .unsupported(reason) })
    case .error(let reason):
      spend(duration)
      return .failure(Failure(.crash, "reported an error: \(reason)"))
    case .garbage(let reason):
      await end(after: duration)
      return .failure(Failure(.garbage, reason))
    case .wrongSize(let count):
      spend(duration)
      let size = request.question.outputFormat.byteCount
      let note =
        count == size && request.rows.count > 1
        ? "one value for all the rows: each is to have its own, and no mean or sum taken" : nil
      return .failure(
        Failure(
          .outputCount, "answered with \(count) bytes instead of \(request.replySize)", note: note))
    case .late:
      hasHung = true
      await end(after: duration)
      let seconds =
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
      return .failure(Failure(.hang, "no answer in \((seconds * 100).rounded() / 100) s"))
    case .ended:
      let (status, errors) = await end(after: duration)
      let last = errors.split(separator: "\n").last.map { String($0.prefix(200)) }
      return .failure(Failure(.crash, status, note: last.map { "stderr ended with: \($0)" }))
    }
  }

  @discardableResult
  private func end(after duration: Duration) async -> (status: String, errors: String) {
    spend(duration)
    let running = process
    process = nil
    hasAnswered = false
    // One that has closed its output is about to end by itself, with a status that says why.
    return await running?.end(grace: .milliseconds(500)) ?? ("ended", "")
  }

  private func spend(_ duration: Duration) {
    spent += duration
    spentOnBatch += duration
    if spent > timeout * Self.spentLimitInTimeouts + startTimeout, surrender == nil {
      surrender = "not asked: the program had failed for \(spent.components.seconds) s in all"
    }
  }
}

extension LossFunction {
  /// A row without any difficulty.
  fileprivate var warmingRow: LossInput {
    let half = FloatValue(isNegative: false, significand: 1, exponent: -1)
    if isBinary {
      return LossInput(logits: [half], target: hasTarget ? .probabilities([.one]) : .none)
    }
    return LossInput(logits: [half, .one], target: hasTarget ? .index(0) : .none)
  }
}
