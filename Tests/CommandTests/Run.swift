import Foundation
import TestSupport

/// One run of the command, to its end.
struct Run {
  let output: String
  let error: String
  let status: Int32

  init(
    _ arguments: [String], input: String = "", of executable: URL = TestPaths.command
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardError
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    // Short texts: neither pipe fills up while the other is read.
    output = String(
      decoding: try standardOutput.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    error = String(
      decoding: try standardError.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationStatus
  }
}
