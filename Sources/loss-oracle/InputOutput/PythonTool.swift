internal import Foundation
internal import LossOracle

/// A Python script of the package's tools.
struct PythonTool {
  /// Where the script is.
  let url: URL

  /// The script of that name; nil where the package's folder is not there.
  init?(_ name: String) {
    guard let fixtures = FixtureFolder.locate() else { return nil }
    url = fixtures.deletingLastPathComponent().appending(path: "tools/\(name)")
  }

  /// Runs the script with python3, or what `LOSS_ORACLE_PYTHON` names.
  ///
  /// - Returns: What it wrote to stdout; nil where it did not run or failed, for want of a package
  ///   perhaps.
  func run(_ arguments: [String] = [], input: Data = Data()) -> Data? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["LOSS_ORACLE_PYTHON"] ?? "python3"
    process.arguments = [python, url.path] + arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
      try stdin.fileHandleForWriting.write(contentsOf: input)
      try stdin.fileHandleForWriting.close()
    } catch { return nil }
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? output : nil
  }
}
