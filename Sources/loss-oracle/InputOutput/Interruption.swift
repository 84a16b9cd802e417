internal import Dispatch
internal import Foundation

/// Turns Ctrl-C into the cancellation of a task, so that what is done so far can be kept.
enum Interruption {
  /// Runs `body`; an interrupt cancels it and does not end the process.
  ///
  /// - Parameter alsoAtEndOfInput: Whether the end of stdin cancels it too.
  /// - Returns: What `body` returned, and whether it was interrupted.
  static func cancelling<Output: Sendable>(
    alsoAtEndOfInput: Bool = false, _ body: @escaping @Sendable () async throws -> Output
  ) async throws -> (output: Output, wasInterrupted: Bool) {
    let task = Task { try await body() }
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { task.cancel() }
    source.resume()
    if alsoAtEndOfInput {
      Thread.detachNewThread {
        _ = try? FileHandle.standardInput.readToEnd()
        task.cancel()
      }
    }
    defer {
      source.cancel()
      signal(SIGINT, SIG_DFL)
    }
    let output = try await task.value
    return (output, task.isCancelled)
  }
}
