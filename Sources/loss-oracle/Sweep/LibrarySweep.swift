internal import ArgumentParser
internal import Foundation
internal import LossOracle

/// The same command in a process of its own, so that a library's crash is a finding and what was saved
/// stays.
///
/// The child ends, with its state saved, when its stdin does: after Ctrl-C here, or this process's end.
enum LibrarySweep {
  /// The flag that tells the child what it is.
  static let childFlag = "in-child"

  /// Runs this command once more, and ends as the child does.
  ///
  /// - Parameters:
  ///   - library: What it calls, to be named in a failure.
  ///   - checkpoint: Where the child saves what is done.
  static func run(_ library: String, checkpoint: String) async throws {
    guard let executable = Bundle.main.executableURL else {
      throw StandardStream.failure(
        "cannot tell where this program is, to run the library in", status: ExitStatus.unavailable)
    }
    let process = Process()
    process.executableURL = executable
    process.arguments = Array(CommandLine.arguments.dropFirst()) + ["--\(childFlag)"]
    // The library's crash is no fault of this program, whose backtrace takes a second.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    let input = Pipe()
    process.standardInput = input
    let (ends, announcement) = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in announcement.finish() }
    do {
      try process.run()
    } catch {
      throw StandardStream.failure(
        "cannot start \(executable.path): \(error.localizedDescription)",
        status: ExitStatus.unavailable)
    }
    let writingEnd = input.fileHandleForWriting
    _ = try await Interruption.cancelling {
      await withTaskCancellationHandler {
        // A task that was cancelled gets the stream's end at once.
        await Task { for await _ in ends {} }.value
      } onCancel: {
        try? writingEnd.close()
      }
    }
    guard process.terminationReason == .exit else {
      throw StandardStream.failure(
        """
        \(library) was killed by signal \(process.terminationStatus) amid the sweep; what was done before \
        is in \(checkpoint), and `loss-oracle check` with the same library finds an input that it \
        crashes on
        """, status: ExitStatus.fellShort)
    }
    guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
  }
}
