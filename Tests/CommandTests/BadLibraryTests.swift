import Foundation
import TestSupport
import Testing

/// Each with what must be said of it, and the seconds that it may take on a machine that has other work.
@Suite struct `A bad library` {
  private static let library = Result { try CompiledLibrary("bad-library.c") }

  /// Runs the command with the library.
  private func run(
    _ arguments: [String], _ symbol: String, flags: [String] = [], signals: [Int32] = [],
    in folder: TemporaryDirectory, whenReady isReady: @escaping @Sendable () -> Bool = { true }
  ) throws -> Run {
    let library = folder.path("bad.so")
    let compiled =
      try flags.isEmpty ? Self.library.get() : CompiledLibrary("bad-library.c", flags: flags)
    try compiled.write(to: library)
    let state = folder.path("all.json")
    return try Run(
      arguments + ["--format", "bfloat16", "--library", library, "--symbol", symbol],
      signals: signals
    ) {
      guard FileManager.default.fileExists(atPath: state) else { return false }
      return isReady()
    }
  }

  @Test(arguments: [
    ("right", 0, ""), ("prints", 0, ""), ("forks", 0, ""),
    ("beyond", 1, "writes beyond its outputs"),
    ("into_inputs", 1, "writes into its inputs"),
    ("upward", 1, "leaves the floating-point environment changed: arithmetic that rounds up"),
    ("flushing", 1, "changed: arithmetic that flushes subnormal numbers to zero"),
    ("complains", 1, "\\u{1B}[2Jsomething is wrong"),
    ("exits", 1, "ended the process itself, with status 0"),
    ("exits_late", 1, "ended the process itself, with status 0"),
    ("crashes", 1, "was killed by signal 6 (abort)"),
    ("crashes_late", 1, "was killed by signal 6 (abort)"),
    ("loops", 1, "has not returned from a call in 1.0 s"),
    ("loops_late", 1, "has not returned from a call in 1.0 s"),
  ])
  func `is told of by a sweep, whose success is a whole certificate`(
    _ symbol: String, _ status: Int32, _ message: String
  ) throws {
    try withTemporaryDirectory { folder in
      let sweep = ["sweep", "softplus", "--timeout", "1", "--output", folder.path("all.json")]
      let run = try run(sweep, symbol, in: folder)
      #expect(run.status == status, "\(run.error)")
      #expect(message.isEmpty || run.error.contains(message), "\(run.error)")
      #expect(run.seconds < 30)
      #expect(!run.error.contains("\u{1B}"))
      let isRight = run.output.contains("misrounded: 0 of 65,280")
      #expect(
        isRight
          == ["right", "prints", "forks", "into_inputs", "upward", "flushing"]
          .contains(symbol))
    }
  }

  @Test func `that loops ends with the sweep, whose state no other sweep may touch`() throws {
    try withTemporaryDirectory { folder in
      let sweep = ["sweep", "softplus", "--output", folder.path("all.json")]
      let run = try run(sweep, "loops_late", signals: [SIGINT], in: folder) {
        let other = try? Run(sweep + ["--format", "float16", "--implementation", "stable"])
        return other?.status == 73 && other?.error.contains("another sweep") == true
      }
      #expect(run.status == 130 && run.error.contains("go on with --resume"), "\(run.error)")
      #expect(run.seconds < 10)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      #expect(Set(files) == ["all.json", "bad.so"])
    }
  }

  @Test(arguments: [
    ("right", 0, "passed"), ("prints", 0, "passed"), ("forks", 0, "passed"),
    ("closes", 0, "passed"),
    ("beyond", 1, "writes beyond its outputs"),
    ("into_inputs", 1, "writes into its inputs"),
    ("upward", 1, "arithmetic that rounds up"),
    ("flushing", 1, "flushes subnormal numbers to zero"),
    ("exits", 1, "exited with status 0"),
    ("crashes", 1, "was killed by signal 6 (abort)"),
    ("loops", 1, "no answer in 1.0 s"),
  ])
  func `is told of by a check`(_ symbol: String, _ status: Int32, _ message: String) throws {
    try withTemporaryDirectory { folder in
      let check = ["check", "softplus", "--cases", "20", "--family", "few-bits", "--timeout", "1"]
      let run = try run(check, symbol, flags: ["-DPRINTS_WHEN_LOADED"], in: folder)
      #expect(run.status == status && run.output.contains(message), "\(run.output)\(run.error)")
      #expect(run.seconds < 60)
    }
  }

  @Test(arguments: ["check", "sweep"])
  func `that changes arithmetic when it is loaded is told of`(_ command: String) throws {
    try withTemporaryDirectory { folder in
      let arguments =
        command == "check" ? ["--cases", "20"] : ["--output", folder.path("all.json")]
      let run = try run(
        [command, "softplus"] + arguments, "right", flags: ["-DCHANGES_WHEN_LOADED"], in: folder)
      #expect(run.status == 1)
      #expect((run.output + run.error).contains("environment when it is loaded"), "\(run.output)")
    }
  }
}
