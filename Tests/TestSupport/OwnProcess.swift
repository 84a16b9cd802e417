#if os(Linux)
  internal import Foundation
  internal import Testing

  /// Runs what a test measures in a process of its own, for a peak is that of all that runs in one: runs this program
  /// again, for this test alone.
  ///
  /// An exit test does the same, but what waits for its end does so without rest as long as other tests have all
  /// threads.
  package func inOwnProcess(_ test: String, _ body: () throws -> Void) throws {
    let name = "LOSS_ORACLE_OWN_PROCESS"
    guard ProcessInfo.processInfo.environment[name] == nil else { return try body() }
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--testing-library", "swift-testing", "--filter", test]
    process.environment = ProcessInfo.processInfo.environment.merging([name: "1"]) { $1 }
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && text.contains("Test run with 1 test "), "\(text)")
  }
#endif
