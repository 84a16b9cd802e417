internal import ArgumentParser
internal import Checking
internal import Dispatch
internal import Foundation
internal import LossFunctions
internal import LossOracle
internal import Sweeps
internal import Verification

/// The same command in a process of its own, so that a library's crash is a finding and what was saved
/// stays.
///
/// The child ends, with its state saved, when its stdin does: after Ctrl-C here. It says on a pipe how
/// it has ended, so that an end that the library has made is not taken for its own.
struct LibrarySweep {
  /// The flag that tells the child what it is.
  static let childFlag = "in-child"

  /// The library, to be named in a failure.
  let library: String
  /// Where the child saves what is done, and where the certificate stands in the end.
  let checkpoint: String
  let output: String

  private static let greatestLineLength = 1000
  private static let greatestLineCount = 1000

  /// How long a child that is interrupted may take to end.
  private static let patience = Duration.seconds(2)

  /// Runs this command once more, and ends as the child does.
  func run() async throws {
    let command = try LibraryArguments.ownCommand()
    let (input, report, errors) = (Pipe(), Pipe(), Pipe())
    let process: SupervisedProcess
    do {
      process = try SupervisedProcess(
        command + CommandLine.arguments.dropFirst() + ["--\(Self.childFlag)"],
        streams: [
          input.fileHandleForReading.fileDescriptor, report.fileHandleForWriting.fileDescriptor,
          errors.fileHandleForWriting.fileDescriptor,
        ])
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.unavailable)
    }
    try input.fileHandleForReading.close()
    try report.fileHandleForWriting.close()
    try errors.fileHandleForWriting.close()
    async let forwarded: Void = Self.forward(errors.fileHandleForReading)
    let writingEnd = input.fileHandleForWriting
    let (ending, wasInterrupted) = try await Interruption.cancelling {
      await withTaskCancellationHandler {
        await Self.ending(of: process)
      } onCancel: {
        try? writingEnd.close()
      }
    }
    await forwarded
    // The lock of a child that has been killed is taken and given back.
    _ = try? SweepLock(of: checkpoint)
    let text = String(
      decoding: try report.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    guard let end = text.firstIndex(of: "\n"), let status = Int32(text[..<end]) else {
      throw failure(of: ending, wasInterrupted)
    }
    try StandardStream.output.write(String(text[text.index(after: end)...]))
    guard status == 0 else { throw ExitCode(status) }
    // Success is a complete certificate, and nothing else.
    let certificate = try? SweepCertificate.read(output)
    guard certificate?.isComplete == true else { throw failure(of: ending, false) }
  }

  /// Passes on what is written to stderr, by the library too: a few lines, escaped and cut.
  private static func forward(_ errors: FileHandle) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      DispatchQueue.global().async {
        var (line, lineCount): ([UInt8], Int) = ([], 0)
        func write() {
          lineCount += 1
          guard lineCount <= greatestLineCount else { return }
          let text = String(decoding: line, as: UTF8.self).excerpt(greatestLineLength)
          try? StandardStream.error.write(text + "\n")
          line = []
        }
        while case let bytes = errors.availableData, !bytes.isEmpty {
          for byte in bytes {
            if byte == UInt8(ascii: "\n") {
              write()
            } else if line.count < 4 * greatestLineLength {
              line.append(byte)
            }
          }
        }
        if !line.isEmpty { write() }
        continuation.resume()
      }
    }
  }

  /// How the child ends; once it has been interrupted it has little time for that.
  private static func ending(of process: SupervisedProcess) async -> SupervisedProcess.Ending {
    while !Task.isCancelled {
      if let ending = await process.ending(waiting: .milliseconds(200)) { return ending }
    }
    return await process.ending(waiting: patience) ?? process.end()
  }

  private func failure(of ending: SupervisedProcess.Ending, _ wasInterrupted: Bool) -> ExitCode {
    if wasInterrupted {
      return StandardStream.failure(
        "interrupted; go on with --resume \(checkpoint)", status: ExitStatus.interrupted)
    }
    let what =
      if case .exited(let status) = ending {
        "ended the process itself, with status \(status),"
      } else { ending.description }
    return StandardStream.failure(
      """
      \(library) \(what) amid the sweep; what was done before is in \(checkpoint), and `loss-oracle \
      check` with the same library finds an input that it crashes on
      """, status: ExitStatus.fellShort)
  }
}

/// What the child tells its parent.
struct LibrarySweepReport: Sendable {
  private let pipe: Int32

  /// Takes stdout over: what the library prints goes to stderr.
  init() {
    pipe = dup(STDOUT_FILENO)
    dup2(STDERR_FILENO, STDOUT_FILENO)
  }

  /// Tells how the child ends, and what there is to print.
  func write(status: Int32, _ text: String = "") {
    let bytes = Array("\(status)\n\(text)".utf8)
    _ = Foundation.write(pipe, bytes, bytes.count)
  }

  /// Ends the process where one call of the library takes longer than `limit`.
  func watch(_ library: LibraryImplementation, limit: Duration) {
    Thread.detachNewThread { [self] in
      while library.longestCall < limit { usleep(100_000) }
      _ = StandardStream.failure(
        "\(library.source) has not returned from a call in \(limit / .seconds(1)) s",
        status: ExitStatus.fellShort)
      write(status: ExitStatus.fellShort)
      _exit(ExitStatus.fellShort)
    }
  }
}
