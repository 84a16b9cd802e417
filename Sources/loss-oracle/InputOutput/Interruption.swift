internal import Dispatch
internal import Foundation
internal import Synchronization

/// Turns Ctrl-C, and what schedulers and closed terminals send, into the cancellation of a task, so that
/// what is done so far can be kept. The second time they end the process at once.
enum Interruption {
  /// Runs `body`; an interrupt cancels it and does not end the process.
  ///
  /// - Parameters:
  ///   - seconds: The time after which it is cancelled, too, which is no interruption.
  ///   - alsoAtEndOfInput: Whether the end of stdin interrupts it.
  /// - Returns: What `body` returned, and whether it was interrupted.
  static func cancelling<Output: Sendable>(
    after seconds: Double? = nil, alsoAtEndOfInput: Bool = false,
    _ body: @escaping @Sendable () async throws -> Output
  ) async throws -> (output: Output, wasInterrupted: Bool) {
    let isInterrupted = Flag()
    let numbers = [SIGINT, SIGTERM, SIGHUP].filter { $0 != SIGHUP || !isIgnored($0) }
    // Nothing is begun, no file above all, before an interrupt would cancel it.
    let (registrations, registered) = AsyncStream.makeStream(of: Int32.self)
    let task = Task {
      for await _ in registrations.prefix(numbers.count) {}
      return try await body()
    }
    // One queue, one signal after the other. All that is supervised ends with this process.
    let queue = DispatchQueue(label: "loss-oracle.interruption")
    let sources = numbers.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if isInterrupted.isSet { exit(ExitStatus.interrupted) }
        isInterrupted.set()
        task.cancel()
      }
      source.setRegistrationHandler { registered.yield(number) }
      source.resume()
      return (number, source)
    }
    if alsoAtEndOfInput {
      Thread.detachNewThread {
        _ = try? FileHandle.standardInput.readToEnd()
        isInterrupted.set()
        task.cancel()
      }
    }
    if let seconds { queue.asyncAfter(deadline: .now() + seconds) { task.cancel() } }
    defer {
      for (number, source) in sources {
        source.cancel()
        signal(number, SIG_DFL)
      }
    }
    let output = try await task.value
    return (output, isInterrupted.isSet)
  }

  /// Something that has happened or not.
  private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
  }

  /// Whether a signal is ignored, as `nohup` has it for SIGHUP.
  private static func isIgnored(_ number: Int32) -> Bool {
    let old = signal(number, SIG_IGN)
    signal(number, old)
    return unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
