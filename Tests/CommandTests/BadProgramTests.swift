import Foundation
import TestSupport
import Testing

/// Each with what must be said of it, and the seconds that it may take on a machine that has other work.
@Suite struct `A bad program` {
  private static let program = TestPaths.product("misbehaving-program")

  private static func check(
    _ arguments: [String], _ command: [String], function: String = "softplus", caseCount: Int = 40
  ) throws -> Run {
    try Run(
      ["check", function, "--cases", "\(caseCount)", "--family", "few-bits"] + arguments + ["--"]
        + command)
  }

  @Test(arguments: [
    (["sleep", "1000"], ["--start-timeout", "1"], "no answer in 1.0 s"),
    ([program, "floods"], [], "without a line"),
    (["yes"], [], "\"y"),
    ([program, "closes-its-output"], [], "closed its output"),
    ([program, "stops-itself"], [], "was stopped by signal \(SIGSTOP)"),
    ([program, "banner"], [], "model loaded"),
    (["cat"], [], "answered with a request"),
    (["true"], [], "exited with status 0"),
    // A program that signals itself: no signal is blocked where it begins.
    (["sh", "-c", "kill -TERM $$; exec sleep 5"], [], "was killed by signal \(SIGTERM)"),
  ])
  func `that never answers is 69, at once`(
    _ command: [String], _ arguments: [String], _ message: String
  ) throws {
    let run = try Self.check(arguments, command)
    #expect(run.status == 69 && run.error.contains(message), "\(run.error)")
    #expect(run.output.isEmpty)
    #expect(run.seconds < 15)
  }

  @Test(arguments: [
    ("abort", [], "was killed by signal 6 (abort)"),
    ("kills-itself", [], "was killed by signal 9 (kill)"),
    ("garbage-and-on", [], "answered with \"hello\""),
    ("controls", [], "reported an error: \\u{1B}[2Jx\\ny"),
    ("hang", ["--timeout", "1"], "no answer in 1.0 s"),
    ("less-than-said", ["--timeout", "1"], "no answer in 1.0 s"),
    ("hang-on-several", ["--timeout", "1"], "no answer in 1.0 s"),
    ("slow-start-abort", ["--timeout", "1", "--budget", "40"], "was killed by signal 6 (abort)"),
    ("slow-above-3-hang-above-100", ["--timeout", "2"], "no answer in 2.0 s"),
  ])
  func `costs no more than its budget, and is accused of what it does`(
    _ fault: String, _ arguments: [String], _ message: String
  ) throws {
    let run = try Self.check(arguments, [Self.program, fault])
    #expect(run.status == 1 && run.output.contains(message), "\(run.output)\(run.error)")
    #expect(run.output.contains("signal 9") == (fault == "kills-itself"))
    #expect(run.output.contains(": hang") == message.hasPrefix("no answer"))
    #expect(!run.output.contains("\u{1B}"))
    #expect(run.seconds < 60)
    guard fault == "slow-above-3-hang-above-100" else { return }
    // Those that are only slow are innocent.
    let line = try #require(run.output.split(separator: "\n").first { $0.contains("  logit ") })
    #expect(try #require(Double(line.split(separator: " ")[1])) > 100)
  }

  @Test(arguments: [("slow", ["--timeout", "20"]), ("slow-start", ["--timeout", "1"])])
  func `is not one for being slow`(_ fault: String, _ arguments: [String]) throws {
    let run = try Self.check(arguments, [Self.program, fault])
    #expect(run.status == 0, "\(run.output)\(run.error)")
  }

  /// Where a machine stands still for a time, or has no memory left, right programs are late and end.
  @Test(arguments: [
    ("abort-at-times", 1, 0), ("abort-at-times", 2, 0), ("killed-at-times", 2, 0),
    ("late-at-times", 1, 0), ("late-at-times", 3, 69),
  ])
  func `is not one for what it does a few times and not again`(
    _ fault: String, _ count: Int, _ status: Int32
  ) throws {
    try withTemporaryDirectory { folder in
      let run = try Self.check(
        ["--timeout", "3"], [Self.program, fault, "first", "\(count)", folder.path("count")])
      // A machine with other work may be late by itself, once more.
      let isLate = fault == "late-at-times" && run.status == 69
      #expect(run.status == status || isLate, "\(run.output)\(run.error)")
      #expect(run.output.contains("once     "), "\(run.output)")
      #expect(!run.output.contains("fell short"), "\(run.output)")
    }
  }

  @Test(arguments: [
    ("abort-at-times", 5, "crash, not deterministic"),
    ("abort-at-times", 8, "crash, not deterministic"), ("wrong-at-times", 7, "not deterministic"),
  ])
  func `is one for what it does at times, again and again`(
    _ fault: String, _ period: Int, _ name: String
  ) throws {
    try withTemporaryDirectory { folder in
      let run = try Self.check(
        [], [Self.program, fault, "each", "\(period)", folder.path("count")],
        function: "cross-entropy",
        caseCount: 120)
      #expect(run.status == 1 && run.output.contains(name), "\(run.output)\(run.error)")
    }
  }

  @Test(arguments: ["late-at-times", "killed-at-times"])
  func `does not pass for what may be the machine's doing, again and again`(
    _ fault: String
  ) throws {
    try withTemporaryDirectory { folder in
      let run = try Self.check(
        ["--timeout", "1"], [Self.program, fault, "each", "7", folder.path("count")],
        function: "cross-entropy", caseCount: 120)
      // Where two of them fall on one batch, that is a finding.
      let isIncomplete = run.status == 69 && run.error.contains("incomplete: ")
      #expect(isIncomplete || run.output.contains("beside other rows"), "\(run.output)\(run.error)")
    }
  }

  @Test func `is not one for taking as long for a batch as a request may take`() throws {
    // 40 rows of 50 ms; on a machine with other work it is late.
    let run = try Self.check(["--timeout", "2"], [Self.program, "slow"])
    #expect(run.status == 0 || run.status == 69, "\(run.output)\(run.error)")
  }

  @Test func `is not waited for longer than the check may take`() throws {
    let run = try Self.check(["--timeout", "600", "--budget", "3"], [Self.program, "hang"])
    #expect(run.output.contains("incomplete") && run.status == 69, "\(run.output)\(run.error)")
    #expect(run.seconds < 15)
  }

  #if os(Linux)
    @Test(arguments: ["leaves-a-child", "leaves-a-session"])
    func `leaves no process behind when it ends`(_ fault: String) throws {
      let mark = "1000.\(Int.random(in: 1_000_000...9_999_999))"
      let run = try Self.check([], [Self.program, fault, mark])
      #expect(run.status == 0, "\(run.error)")
      #expect(processes(with: mark).isEmpty)
    }

    @Test(arguments: [[SIGINT], [SIGTERM], [SIGHUP], [SIGINT, SIGINT], [SIGKILL]])
    func `ends with the checker, whose report is written`(_ signals: [Int32]) throws {
      let mark = "1000.\(Int.random(in: 1_000_000...9_999_999))"
      let run = try Run(
        ["check", "softplus", "--cases", "40", "--family", "few-bits", "--timeout", "600", "--"]
          + [Self.program, "hangs-with-a-child", mark],
        signals: signals
      ) {
        // The program, its two children, their shell; and the checker with its supervisor.
        guard processes(with: mark).count >= 4 else { return false }
        sleep(2)
        return true
      }
      #expect(run.seconds < 10)
      if signals == [SIGKILL] {
        #expect(run.status == SIGKILL)
        sleep(2)
      } else {
        #expect(run.status == 130, "\(run.error)")
        #expect(run.output.contains("few-bits"), "\(run.output)")
      }
      #expect(processes(with: mark).isEmpty)
    }

    @Test func `ends with the checker during its first request, too`() throws {
      let mark = "1000.\(Int.random(in: 1_000_000...9_999_999))"
      let run = try Run(
        ["check", "softplus", "--", "sleep", mark], signals: [SIGINT]
      ) { processes(with: mark).count >= 3 }
      #expect(run.status == 130 && run.seconds < 10, "\(run.error)")
      #expect(processes(with: mark).isEmpty)
    }
  #else
    @Test(.disabled("processes are found in /proc, which Linux alone has"))
    func `leaves no process behind, and ends with the checker`() {}
  #endif
}
