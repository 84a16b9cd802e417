import Foundation
import TestSupport
import Testing

/// Whether the programs that prove are there: Debian packages sollya and gappa.
private let hasProvers = ["sollya", "gappa"].allSatisfy { name in
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
}

@Suite(.enabled(if: hasProvers, "sollya and gappa are not installed"))
struct `The bounds of the kernels` {
  private func prove(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = TestPaths.package.appending(path: "tools/proofs/run")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test func `are proven from the constants in the code`() throws {
    #expect(try prove([]) == 0)
  }

  /// One of each kind; `LOSS_ORACLE_CASES` asks for all, as `tools/proofs/run --tightened` does.
  private static let tightened =
    TestSeed.count(0) > 0
    ? [] : ["rowBound", "rowAbove", "greatestWideMagnitude", "quickSumBound", "EVALUATION"]

  @Test func `cannot be proven at half their size`() throws {
    #expect(try prove(["--tightened"] + Self.tightened) == 0)
    #expect(try prove(["--tightened", "roundBound"]) == 1)
  }

  @Test(arguments: [
    ("e2", "0x1.000000000000ap-1", "0x1.0000000000100p-1"), ("w4", "0x1.55555", "0x1.55556"),
  ])
  func `cannot be proven for another coefficient`(name: String, old: String, new: String) throws {
    try withTemporaryDirectory { folder in
      let constants = TestPaths.package.appending(path: "Sources/FastKernels/include/Constants.h")
      let text = try String(contentsOf: constants, encoding: .utf8)
      let changed = text.replacing("lo_\(name) = \(old)", with: "lo_\(name) = \(new)")
      try #require(changed != text)
      try changed.write(toFile: folder.path("Constants.h"), atomically: true, encoding: .utf8)
      #expect(try prove(["--constants", folder.path("Constants.h")]) == 1)
    }
  }
}
