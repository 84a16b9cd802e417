import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine
import TestSupport
import Testing
import Verification

@Suite struct `A program that is checked` {
  private static let program = TestPaths.product("misbehaving-program")

  private func report(
    on fault: String, _ function: LossFunction = .softplus, timeout: Duration = .seconds(20)
  ) async throws -> TrialReport {
    let subject = ProgramSubject(
      [Self.program, fault], answering: CheckContract(function, in: .float32), timeout: timeout,
      startTimeout: .seconds(60), budget: .seconds(3000))
    try await subject.start()
    let claim = AccuracyClaim(subject, computes: function, in: .float32, within: 0.5)
    let report = try await Trial(
      claim,
      TrialPlan(
        families: [.fewBits, .normal], caseCount: 30, searchCount: 0, classCounts: 1...4,
        seed: TestSeed.current)
    ).run()
    await subject.finish()
    return report
  }

  #if os(Linux)
    @Test func `leaves the memory of the process that has started it as it is`() throws {
      func pageFaults() -> Int {
        var usage = rusage()
        getrusage(1 /* RUSAGE_THREAD */, &usage)
        return usage.ru_minflt
      }
      let pageSize = 4096
      var memory = [UInt8](repeating: 1, count: 4000 * pageSize)
      let nothing = open("/dev/null", O_RDWR)
      defer { close(nothing) }
      let process = try SupervisedProcess(
        ["sleep", "60"], streams: [nothing, nothing, nothing])
      let before = pageFaults()
      for place in stride(from: 0, to: memory.count, by: pageSize) { memory[place] = 2 }
      let count = pageFaults() - before
      #expect(process.end() == .ended)
      #expect(count < 400)
      #expect(memory.last == 1)
    }
  #endif

  @Test func `leaves nothing in the list of processes once it has ended`() throws {
    let nothing = open("/dev/null", O_RDWR)
    defer { close(nothing) }
    let process = try SupervisedProcess(["sleep", "60"], streams: [nothing, nothing, nothing])
    #expect(kill(process.supervisor, 0) == 0)
    process.end()
    #expect(kill(process.supervisor, 0) == -1)
    withExtendedLifetime(process) {}
  }

  @Test(arguments: ["none", "stderr"])
  func `passes where it is right, however much it writes to stderr`(_ fault: String) async throws {
    let report = try await report(on: fault, .crossEntropy)
    #expect(report.hasPassed, "\(report.findings.map(\.failure))")
    #expect(report.abstentions.isEmpty)
    #expect(report.stages.allSatisfy { $0.statistics.maximumULPs <= 0.5 })
  }

  @Test(arguments: [
    ("abort", Failure.Kind.crash, "abort"), ("exit", .crash, "exited with status 3"),
    ("error", .crash, "reported an error: cannot"),
    ("hang", .hang, "no answer in"), ("less-than-said", .hang, "no answer in"),
    ("garbage", .garbage, "hello\\u{01}world"), ("endless", .garbage, "without a line"),
    ("more-than-said", .garbage, "\\u{01}\\u{02}"), ("wrong-id", .garbage, "another request"),
    ("claims-exabyte", .garbage, "\(1 << 60) bytes"),
    ("mean", .outputCount, "bytes instead of"), ("short", .outputCount, "0 bytes instead of 4"),
    ("long", .outputCount, "8 bytes instead of 4"),
  ])
  func `has each fault found, shrunk, and is asked on`(
    _ fault: String, _ kind: Failure.Kind, _ message: String
  ) async throws {
    // What hangs is waited for; all else is given the time that a busy machine takes.
    let report = try await report(on: fault, timeout: kind == .hang ? .seconds(1) : .seconds(20))
    let finding = try #require(report.findings.first { $0.failure.kind == kind })
    #expect(finding.failure.message.contains(message), "\(finding.failure.message)")
    // What comes after a reply may come too late to be told from the next one.
    guard fault != "more-than-said" else { return }
    guard fault != "mean" else {
      #expect(finding.failure.note?.contains("one value for all the rows") == true)
      #expect(finding.failure.note?.contains("on a request of") == true)
      return
    }
    // The least whole number above 3; where time ran out first, one nearly as short.
    #expect(finding.shrunk.logits[0].double > 3)
    #expect(finding.shrunk.logits[0].double <= (kind == .hang ? 1e4 : 4))
    #expect(report.stages.allSatisfy { $0.statistics.outputCount > 0 })
  }

  @Test func `is not said to have been late by chance for a row before the one that hangs`()
    async throws
  {
    let subject = ProgramSubject(
      [Self.program, "slow-above-3-hang-above-100"],
      answering: CheckContract(.softplus, in: .float32), timeout: .seconds(2))
    try await subject.start()
    var rows = LossRows(.float32, classCount: 1, targetKind: .none)
    for logit in [4, 200] { rows.append(LossInput(logits: [FloatValue(Double(logit))])) }
    let answers = try await subject.answers(to: rows)
    await subject.finish()
    #expect(answers.failures[0] == nil && answers.failures[1]?.kind == .hang)
    #expect(answers.lapses.isEmpty && answers.abstentions.isEmpty)
  }

  @Test(arguments: ["none", "abort", "error", "wrong-id", "unsupported"])
  func `answers rows that stand in line as it does one batch after another`(
    _ fault: String
  ) async throws {
    // It goes wrong above 3.
    let batches = [[1, 2], [0.5, 5, 1, 7], [1, 2], [3], [4], [0, 1]].map { logits in
      var rows = LossRows(.float32, classCount: 1, targetKind: .none)
      for logit in logits { rows.append(LossInput(logits: [FloatValue(logit)])) }
      return rows
    }
    func answers(inLine: Bool) async throws -> [RowAnswers] {
      let subject = ProgramSubject(
        [Self.program, fault], answering: CheckContract(.softplus, in: .float32),
        timeout: .seconds(20), budget: .seconds(3000))
      try await subject.start()
      var pending: [Pending<RowAnswers>] = []
      var answers: [RowAnswers] = []
      for rows in batches {
        if inLine {
          pending.append(await subject.asking(rows))
        } else {
          answers.append(try await subject.answers(to: rows))
        }
      }
      for each in pending { answers.append(try await each.value()) }
      await subject.finish()
      return answers
    }
    let (one, other) = (try await answers(inLine: false), try await answers(inLine: true))
    let values = [one, other].map { $0.map { $0.values.doubles.map(\.bitPattern) } }
    #expect(values[0] == values[1])
    // The numbers of requests stand in some of these.
    #expect(one.map { $0.failures } == other.map { $0.failures })
    #expect(one.map { $0.abstentions } == other.map { $0.abstentions })
    #expect(other.allSatisfy { $0.lapses.isEmpty })
    let hasFailed = other.contains { !$0.failures.isEmpty }
    #expect(hasFailed == !["none", "unsupported"].contains(fault))
  }

  @Test func `is not asked about what stood in line when nobody waits any more`() async throws {
    let subject = ProgramSubject(
      [Self.program, "hang"], answering: CheckContract(.softplus, in: .float32),
      timeout: .seconds(600))
    try await subject.start()
    var pending: [Pending<RowAnswers>] = []
    for logit in [5.0, 1] {
      var rows = LossRows(.float32, classCount: 1, targetKind: .none)
      rows.append(LossInput(logits: [FloatValue(logit)]))
      pending.append(await subject.asking(rows))
    }
    for each in pending { each.cancel() }
    for each in pending {
      let answers = try await each.value()
      #expect(answers.failures.isEmpty && answers.abstentions[0]?.contains("interruption") == true)
    }
    await subject.finish()
  }

  @Test func `that ends now and then is found, though no row is to blame`() async throws {
    let report = try await report(on: "exits-after-two")
    #expect(report.findings.first?.failure.kind == .crash)
    #expect(report.findings.first?.failure.message.contains("status 0") == true)
  }

  @Test func `may say that it does not do some rows`() async throws {
    let report = try await report(on: "unsupported")
    #expect(report.hasPassed)
    #expect(report.abstentions.keys.contains("above 3"))
  }

  @Test(arguments: [
    (["/nowhere/program"], "cannot start"), (["no-such-program-at-all"], "cannot start"),
    (["/tmp"], "cannot start"), ([Self.program, "unable"], "no module named losses"), ([], "empty"),
    ([Self.program, "banner"], "model loaded"),
  ])
  func `that cannot be started says why`(_ command: [String], _ message: String) async throws {
    let subject = ProgramSubject(command, answering: CheckContract(.softplus, in: .float32))
    let error = await #expect(throws: ProgramError.self) { try await subject.start() }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}
