package import PropertyEngine

/// A program at the other end of its pipes, which is sent one request at a time over the live protocol: the next may
/// stand in line, and is sent when the one before it has got its reply.
///
/// Anything but a reply leaves the stream of bytes in doubt: then it is ended, and has to be started again. It belongs
/// to the actor that it is created in.
package final class LiveProgram {
  private let command: [String]
  /// What it is called when it is told of: the command, or the library that it serves.
  package let name: String
  private var process: ChildProcess?
  private var requestCount = 0
  /// Whether something came between two replies, so that each is to be waited after.
  private var isTalkative = false
  /// Whether every request has got its reply: only then is one sent right after another.
  private var hasAlwaysReplied = true

  private static let grace = Duration.milliseconds(2)

  /// What came of a request.
  package enum Answer {
    case reply([UInt8])
    /// That it does not compute such a thing, and why.
    case unsupported(String)
    /// A reply of another size than is due.
    case wrongSize(Failure, byteCount: Int)
    /// No reply in time.
    case late(Failure)
    case failed(Failure)
    case interrupted
  }

  /// A program that is not running yet.
  ///
  /// - Parameter name: nil for the command.
  package init(_ command: [String], named name: String?) {
    self.command = command
    self.name = name ?? command.joined(separator: " ")
  }

  /// Whether it has been started and not ended.
  package var isRunning: Bool { process != nil }

  /// Starts it, where it does not run.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  package func start() throws(ProgramError) {
    if process == nil { process = try ChildProcess(command) }
  }

  /// That it never answered a first request, and what came instead.
  package func answersNothing(_ failure: Failure) -> ProgramError {
    .answersNothing(
      command: name,
      reason: [failure.message, failure.note].compactMap(\.self).joined(separator: "; "))
  }

  /// Sends a request and waits for its reply.
  ///
  /// - Parameters:
  ///   - request: The bytes of the request with a number.
  ///   - replySize: The bytes of the reply.
  ///   - isWatched: Whether to wait a little for what there should not be after the reply.
  package func exchange(
    _ request: (_ id: Int) -> [UInt8], replySize: Int, patience: Duration, isWatched: Bool,
    isolation: isolated (any Actor)? = #isolation
  ) async -> Answer {
    guard
      let sent = send(
        request, replySize: replySize, patience: patience, isWatched: isWatched, follows: false)
    else { return .interrupted }
    return await answer(to: sent)?.answer ?? .interrupted
  }

  /// A request that has been sent, or stands in line.
  struct Sent: Sendable {
    fileprivate let id: Int
    fileprivate let replySize: Int
    fileprivate let patience: Duration
    fileprivate let process: ChildProcess
    fileprivate let exchange: Task<ChildProcess.Exchange?, Never>

    /// Waits for it no longer.
    func cancel() { exchange.cancel() }
  }

  /// Sends a request, after those before it; nil where it does not run, or is not known to answer.
  ///
  /// - Parameters:
  ///   - patience: How long its reply may take once it is sent.
  ///   - follows: Whether it is sent only where the one before it gets a reply, as all have.
  func send(
    _ request: (_ id: Int) -> [UInt8], replySize: Int, patience: Duration, isWatched: Bool,
    follows: Bool
  ) -> Sent? {
    guard let process, !follows || hasAlwaysReplied else { return nil }
    requestCount += 1
    let exchange = process.exchange(
      request(requestCount), id: requestCount, replySize: replySize, patience: patience,
      grace: isTalkative || isWatched ? Self.grace : .zero, follows: follows)
    return Sent(
      id: requestCount, replySize: replySize, patience: patience, process: process,
      exchange: exchange)
  }

  /// What comes of a request and when it was sent; nil where it was not.
  func answer(
    to sent: Sent, isolation: isolated (any Actor)? = #isolation
  ) async -> (answer: Answer, beginning: ContinuousClock.Instant)? {
    let exchange = await withTaskCancellationHandler {
      await sent.exchange.value
    } onCancel: {
      sent.cancel()
    }
    guard let exchange else { return nil }
    if !exchange.outcome.isReply {
      // Those in line behind it have not been sent.
      requestCount = sent.id
      hasAlwaysReplied = false
    }
    return (await answer(exchange.outcome, sent), exchange.beginning)
  }

  private func answer(
    _ outcome: ProgramPipes.Outcome, _ sent: Sent, isolation: isolated (any Actor)? = #isolation
  ) async -> Answer {
    let (process, replySize, patience) = (sent.process, sent.replySize, sent.patience)
    switch outcome {
    case .reply(let bytes): return .reply(bytes)
    case .unsupported(let reason): return .unsupported(reason)
    case .error(let reason): return .failed(Failure(.crash, "reported an error: \(reason)"))
    case .wrongSize(let size):
      return .wrongSize(
        Failure(.outputCount, "answered with \(size) bytes instead of \(replySize)"),
        byteCount: size)
    case .garbage(let reason):
      isTalkative = true
      await end()
      return .failed(Failure(.garbage, reason))
    case .late:
      await end()
      return .late(Failure(.hang, "no answer in \(patience / .seconds(1)) s"))
    case .stopped(let signal):
      await end()
      return .failed(Failure(.hang, "was stopped by signal \(signal)"))
    case .interrupted:
      await end()
      return .interrupted
    case .ended:
      self.process = nil
      let (ending, message, note) = await process.ownEnding()
      return .failed(
        Failure(.crash, message, note: note, mayComeFromOutside: ending.mayComeFromOutside))
    }
  }

  /// Ends it, after some time to end by itself.
  package func end(
    grace: Duration = .zero, isolation: isolated (any Actor)? = #isolation
  ) async {
    _ = await process?.end(grace: grace)
    process = nil
  }
}
