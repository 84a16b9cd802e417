import Foundation
import Synchronization
import TestSupport
import Testing

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

/// Compiles C to a library.
///
/// - Parameter path: Where the library is to be.
func compile(_ source: String, to path: String, flags: [String] = []) throws {
  let compiled = try Run(
    ["clang", "-shared", "-fPIC", "-O1"] + flags + ["-o", path, "-x", "c", "-", "-lm"],
    input: source, of: URL(filePath: "/usr/bin/env"))
  try #require(compiled.status == 0, "\(compiled.error)")
}

/// A library of C in `Tests/Programs`, compiled once for all the tests that ask it.
struct CompiledLibrary {
  private let bytes: Data

  init(_ name: String, flags: [String] = []) throws {
    let source = try String(
      contentsOf: TestPaths.package.appending(path: "Tests/Programs/\(name)"), encoding: .utf8)
    bytes = try withTemporaryDirectory { folder in
      try compile(source, to: folder.path("library.so"), flags: flags)
      return try Data(contentsOf: folder.url.appending(path: "library.so"))
    }
  }

  /// Writes it where a test wants it.
  func write(to path: String) throws { try bytes.write(to: URL(filePath: path)) }
}

/// The processes of this machine whose command has a word.
func processes(with word: String) -> [Int] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return names.compactMap { Int($0) }.filter { number in
    let data = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
    return String(decoding: data, as: UTF8.self).split(separator: "\0").contains { $0 == word }
  }
}
