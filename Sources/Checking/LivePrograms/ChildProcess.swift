internal import Dispatch
internal import Foundation
internal import Subprocess
internal import Synchronization

#if canImport(System)
  internal import System
#else
  internal import SystemPackage
#endif

/// A program that runs, at the other end of three pipes.
///
/// One exchange is made at a time. What goes wrong in it leaves the stream of bytes in doubt, so the
/// owner ends the process after anything but a reply.
final class ChildProcess: Sendable {
  private let pipes: ProgramPipes
  private let processIdentifier: pid_t
  private let run: Task<TerminationStatus?, Never>
  private let queue = DispatchQueue(label: "loss-oracle.program")
  private let hasEnded: Ended

  /// Whether the process has been waited for, so that its number may be another's by now.
  private final class Ended: Sendable {
    let value = Mutex(false)
  }

  /// Starts a program, without a shell, in a process group of its own.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  static func start(_ command: [String]) async throws(ProgramError) -> ChildProcess {
    guard let name = command.first else {
      throw ProgramError.cannotStart(command: "", reason: "the command is empty")
    }
    // A program that ends leaves a broken pipe, which is to be an error of `write`, not a signal.
    signal(SIGPIPE, SIG_IGN)
    let text = command.joined(separator: " ")
    let theirs: ProgramPipes.Ends
    let pipes: ProgramPipes
    do {
      (pipes, theirs) = try ProgramPipes.make()
    } catch {
      throw ProgramError.cannotStart(command: text, reason: "\(error)")
    }
    let ended = Ended()
    let (started, announcement) = AsyncStream<Result<pid_t, ProgramError>>.makeStream()
    let run = Task { () -> TerminationStatus? in
      var options = PlatformOptions()
      options.processGroupID = 0
      do {
        let result = try await Subprocess.run(
          name.contains("/") ? .path(FilePath(name)) : .name(name),
          arguments: Arguments(Array(command.dropFirst())), platformOptions: options,
          input: .fileDescriptor(theirs.input, closeAfterSpawningProcess: true),
          output: .fileDescriptor(theirs.output, closeAfterSpawningProcess: true),
          error: .fileDescriptor(theirs.errors, closeAfterSpawningProcess: true)
        ) { execution in
          announcement.yield(.success(execution.processIdentifier.value))
        }
        ended.value.withLock { $0 = true }
        return result.terminationStatus
      } catch {
        ended.value.withLock { $0 = true }
        announcement.yield(.failure(.cannotStart(command: text, reason: "\(error)")))
        return nil
      }
    }
    for await result in started {
      return ChildProcess(pipes, try result.get(), run, ended)
    }
    throw ProgramError.cannotStart(command: text, reason: "it was given up")
  }

  private init(
    _ pipes: ProgramPipes, _ processIdentifier: pid_t, _ run: Task<TerminationStatus?, Never>,
    _ ended: Ended
  ) {
    self.pipes = pipes
    self.processIdentifier = processIdentifier
    self.run = run
    hasEnded = ended
  }

  deinit { pipes.close() }

  /// Sends a request and waits for the reply.
  ///
  /// - Parameters:
  ///   - replySize: The number of bytes that a reply should have; a longer one is not read.
  ///   - patience: How long to wait.
  ///   - grace: How long to wait, after the reply, for more than there should be.
  func exchange(
    _ request: [UInt8], id: Int, replySize: Int, patience: Duration, grace: Duration
  ) async -> ProgramPipes.Outcome {
    await withCheckedContinuation { continuation in
      queue.async { [pipes] in
        continuation.resume(
          returning: pipes.exchange(
            request, id: id, replySize: replySize, patience: patience, grace: grace))
      }
    }
  }

  /// Ends the program and all that it has started, and says how it ended and what it wrote to stderr
  /// last.
  ///
  /// - Parameter grace: How long to wait for it to end by itself before it is killed.
  func end(grace: Duration = .zero) async -> (status: String, errors: String) {
    pipes.closeInput()
    let clock = ContinuousClock()
    let deadline = clock.now + grace
    while clock.now < deadline, !hasEnded.value.withLock({ $0 }) {
      try? await Task.sleep(for: .milliseconds(2))
    }
    hasEnded.value.withLock { hasEnded in
      guard !hasEnded else { return }
      _ = kill(-processIdentifier, SIGKILL)
      _ = kill(processIdentifier, SIGKILL)
    }
    let status = await run.value
    pipes.drainErrors()
    return (Self.text(status), pipes.errorText)
  }

  private static func text(_ status: TerminationStatus?) -> String {
    switch status {
    case .exited(let code): "exited with status \(code)"
    case .signaled(let signal): "was killed by signal \(signal) (\(name(of: signal)))"
    case nil: "could not be watched"
    }
  }

  private static func name(of signal: CInt) -> String {
    switch signal {
    case SIGSEGV: "segmentation fault"
    case SIGABRT: "abort"
    case SIGFPE: "arithmetic exception"
    case SIGILL: "illegal instruction"
    case SIGBUS: "bus error"
    case SIGKILL: "kill"
    case SIGTERM: "termination"
    case SIGTRAP: "trap"
    default: "see signal(7)"
    }
  }
}

/// Why nothing can be asked of a program.
public enum ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It is not there, or may not be run.
  case cannotStart(command: String, reason: String)
  /// It starts, and never answers a first request.
  case answersNothing(command: String, reason: String)

  /// What was wrong, and with which program.
  public var description: String {
    switch self {
    case .cannotStart(let command, let reason): "cannot start `\(command)`: \(reason)"
    case .answersNothing(let command, let reason):
      "`\(command)` does not answer a first request: \(reason)"
    }
  }
}
