internal import Dispatch
internal import LossFunctions
internal import Synchronization

/// A program that runs, at the other end of three pipes.
///
/// One exchange is made at a time, in the order in which they are asked for. What goes wrong in it leaves the stream of
/// bytes in doubt, so the owner ends the process after anything but a reply.
final class ChildProcess: Sendable {
  private let pipes: ProgramPipes
  private let process: SupervisedProcess
  private let queue = DispatchQueue(label: "loss-oracle.program")
  /// Whether the last exchange ended with a reply.
  private let hasReplied = Atomic(false)

  /// Starts a program.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  init(_ command: [String]) throws(ProgramError) {
    let theirs: [Int32]
    do {
      (pipes, theirs) = try ProgramPipes.make()
    } catch {
      throw .cannotStart(command: command.joined(separator: " "), reason: error.description)
    }
    defer { ProgramPipes.close(theirs) }
    process = try SupervisedProcess(command, streams: theirs)
  }

  /// An exchange that has been made.
  struct Exchange {
    /// When the request was sent.
    let beginning: ContinuousClock.Instant
    let outcome: ProgramPipes.Outcome
  }

  /// Sends a request after those before it, and waits for the reply, no longer than the task is not cancelled.
  ///
  /// - Parameters:
  ///   - replySize: The number of bytes that a reply should have; a longer one is not read.
  ///   - patience: How long to wait, from when it is sent.
  ///   - grace: How long to wait, after the reply, for more than there should be.
  ///   - follows: Whether it is sent only where the exchange before it ends with a reply.
  /// - Returns: What gives nil where it was not sent.
  func exchange(
    _ request: [UInt8], id: Int, replySize: Int, patience: Duration, grace: Duration, follows: Bool
  ) -> Task<Exchange?, Never> {
    // It stands in line once this returns.
    Task.immediate { [self] in
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          queue.async { [self] in
            guard !follows || hasReplied.load(ordering: .relaxed) else {
              return continuation.resume(returning: nil)
            }
            let beginning = ContinuousClock.now
            let outcome = pipes.exchange(
              request, id: id, replySize: replySize, with: process, patience: patience,
              grace: grace)
            hasReplied.store(outcome.isReply, ordering: .relaxed)
            continuation.resume(returning: Exchange(beginning: beginning, outcome: outcome))
          }
        }
      } onCancel: {
        pipes.interrupt()
      }
    }
  }

  /// How one that has closed its output came to its end, in words, and what it wrote to stderr last. It is
  /// about to end by itself, with a status that says why.
  func ownEnding() async -> (
    ending: SupervisedProcess.Ending, message: String, note: String?
  ) {
    let (ending, errors) = await end(grace: .milliseconds(500))
    let last = errors.split(whereSeparator: \.isNewline).last.map { $0.excerpt(200) }
    return (
      ending, ending == .ended ? "closed its output, and went on" : ending.description,
      last.map { "stderr ended with: \($0)" }
    )
  }

  /// Ends the program and all that it has started, and says how it ended and what it wrote to stderr
  /// last.
  ///
  /// - Parameter grace: How long to wait for it to end by itself.
  func end(grace: Duration = .zero) async -> (
    ending: SupervisedProcess.Ending, errors: String
  ) {
    await withCheckedContinuation { continuation in
      queue.async { [pipes, process] in
        pipes.closeInput()
        let ending = process.ending(within: grace) ?? process.end()
        continuation.resume(returning: (ending, pipes.errorText))
      }
    }
  }
}
