internal import ArgumentParser
internal import LossOracle
internal import SystemPackage

/// The standard streams, written to without a buffer in between, so that an answer is out before
/// the next question is read.
struct StandardStream {
  static let output = StandardStream(descriptor: .standardOutput)
  static let error = StandardStream(descriptor: .standardError)

  let descriptor: FileDescriptor

  /// Writes all of `text`.
  ///
  /// - Throws: Exit status 74 where the stream does not take it.
  func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Writes all bytes.
  ///
  /// - Throws: As for text.
  func write(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    do {
      _ = try descriptor.writeAll(bytes)
    } catch {
      // Whoever closes a pipe wants no more, and no words about it either.
      if descriptor == .standardOutput, (error as? Errno) != .brokenPipe {
        try? StandardStream.error.write("Error: cannot write to stdout: \(error)\n")
      }
      throw ExitCode(ExitStatus.inputOutputError)
    }
  }

  /// Prints a message on stderr, whatever it quotes on one line, and gives the error that ends the
  /// command with `status`.
  static func failure(_ message: String, status: Int32) -> ExitCode {
    try? error.write("Error: \(message.excerpt(2000))\n")
    return ExitCode(status)
  }
}
