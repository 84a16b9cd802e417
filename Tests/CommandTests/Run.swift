import Foundation
import Synchronization
import TestSupport

/// One run of the command, to its end.
struct Run {
  let output: String
  let error: String
  let status: Int32
  /// How long it took, from the signal on where it was sent one.
  let seconds: Double

  /// Runs the command.
  ///
  /// - Parameter signals: What it is sent, half a second apart, once `isReady`. A run of more than five
  ///   minutes is killed.
  init(
    _ arguments: [String], input: String = "", of executable: URL = TestPaths.command,
    signals: [Int32] = [], whenReady isReady: @escaping @Sendable () -> Bool = { true }
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardError
    let start = Mutex(ContinuousClock.now)
    try process.run()
    let identifier = process.processIdentifier
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    if !signals.isEmpty {
      Thread.detachNewThread {
        while !isReady() { usleep(50_000) }
        start.withLock { $0 = .now }
        for number in signals {
          kill(identifier, number)
          usleep(500_000)
        }
      }
    }
    let watch = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 300, execute: watch)
    // Short texts: neither pipe fills up while the other is read.
    output = String(
      decoding: try standardOutput.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    error = String(
      decoding: try standardError.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    watch.cancel()
    status = process.terminationStatus
    seconds = (ContinuousClock.now - start.withLock { $0 }) / .seconds(1)
  }
}

/// The processes of this machine whose command has a word.
func processes(with word: String) -> [Int] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return names.compactMap { Int($0) }.filter { number in
    let data = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
    return String(decoding: data, as: UTF8.self).split(separator: "\0").contains { $0 == word }
  }
}
