import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import PropertyEngine
import Reference
import Synchronization
import TestSupport
import Testing

@Suite struct `A row that does not fail alone` {
  @Test func `is found with the one row that it takes beside it`() async throws {
    // Every row is given the first one's label.
    let finding = try await finding { rows, exact, row in
      guard rows.labels[row] != rows.labels[0] else { return exact[row] }
      let input = LossInput(logits: rows[row].logits, target: .index(Int(rows.labels[0])))
      return try Reference().evaluate(.crossEntropy, input, in: .float32)[0].value
    }
    #expect(finding.reproduction == .besideOthers)
    #expect(finding.rows.count == 2 && finding.row == 1)
    #expect(finding.rows.labels[0] != finding.rows.labels[1])
    #expect(finding.rows.classCount == 2 && finding.rows[0].logits == [.zero, .zero])
    let record = WitnessRecord(finding, of: .crossEntropy, subject: "planted", origin: "test")
    #expect(try record.batchRows() == finding.rows)
  }

  @Test func `is told to fail by its place, with as few rows before it as that takes`() async throws
  {
    let finding = try await finding { _, exact, row in row < 5 ? exact[row] : .zero }
    #expect(finding.reproduction == .position)
    #expect(finding.rows.count == 6 && finding.row == 5)
  }

  @Test func `is told to fail by the number of rows, with the fewest that do`() async throws {
    let finding = try await finding { rows, exact, row in rows.count < 7 ? exact[row] : .zero }
    #expect(finding.reproduction == .batchSize && finding.rows.count == 7)
  }

  @Test func `is found beyond the first thousand rows of a batch`() async throws {
    let late = { @Sendable (_: LossRows, exact: [FloatValue], row: Int) in
      row < 1024 ? exact[row] : .zero
    }
    let spread = try await report(families: Families.random, late)
    #expect(spread.hasPassed)
    let report = try await report(families: [.manyRows], late)
    let finding = try #require(report.findings.first)
    #expect(finding.reproduction == .position && finding.row == 1024)
  }

  @Test func `is called random where two in a hundred answers are wrong by chance`() async throws {
    let random = Mutex(RandomSource(seed: TestSeed.current))
    let finding = try await finding { _, exact, row in
      random.withLock { $0.next() } % 50 == 0 ? .zero : exact[row]
    }
    #expect(finding.reproduction == .notDeterministic)
  }

  @Test(arguments: [Failure.Kind.crash, .hang])
  func `is left out and told where it ended or was late once`(_ kind: Failure.Kind) async throws {
    let calls = Calls()
    let report = try await report { _, exact, row in
      let number = calls.next()
      if number == 5 { throw Failure(kind, "planted") }
      return exact[row]
    }
    #expect(report.verdict == .incomplete && report.findings.isEmpty)
    #expect(report.lapseTexts == ["planted (1 ×)"] && report.shortfall == "planted (1 ×)")
    #expect(report.stages.map(\.abstentionCount) == [1, 0])
  }

  @Test(arguments: [Failure.Kind.crash, .hang])
  func `is no finding for being late, where it cannot be asked again`(
    _ kind: Failure.Kind
  ) async throws {
    let calls = Calls()
    let report = try await report { _, exact, row in
      let number = calls.next()
      if number == 5 { throw Failure(kind, "planted") }
      if number > 2 * 400 { throw Refusal() }
      return exact[row]
    }
    // Who is asked repeats an ending by itself, before it says that there was one.
    #expect(report.verdict == (kind == .hang ? .incomplete : .fellShort))
    #expect(report.findings.map(\.reproduction) == (kind == .hang ? [] : [.unconfirmed]))
  }

  @Test func `is called random where it ends two times in a hundred by chance`() async throws {
    let random = Mutex(RandomSource(seed: TestSeed.current))
    let finding = try await finding { _, exact, row in
      guard random.withLock({ $0.next() }) % 50 > 0 else { throw Failure(.crash, "planted") }
      return exact[row]
    }
    #expect(finding.reproduction == .notDeterministic && finding.failure.kind == .crash)
    let text = finding.text(of: .crossEntropy, refuting: "", seed: 1, replay: "")
    #expect(text.hasPrefix("cross-entropy in float32: crash, not deterministic\n"))
    #expect(text.contains("seen "))
  }

  @Test func `is called random where what it has been made to is right when asked once more`()
    async throws
  {
    let calls = Calls()
    let finding = try await finding { rows, exact, row in
      let fails = rows.count > 1 ? row == 0 : calls.next() == 1
      guard !fails else { throw Failure(.crash, "planted") }
      return exact[row]
    }
    #expect(finding.reproduction == .notDeterministic)
  }

  @Test func `is not passed where it is late two times in a hundred`() async throws {
    let random = Mutex(RandomSource(seed: TestSeed.current))
    let report = try await report { _, exact, row in
      guard random.withLock({ $0.next() }) % 50 > 0 else { throw Failure(.hang, "planted") }
      return exact[row]
    }
    #expect(report.verdict == .incomplete && report.findings.isEmpty)
  }

  @Test func `makes a trial that was interrupted incomplete, not passed`() async throws {
    let claim = AccuracyClaim(
      BatchSubject { _, exact, row in exact[row] }, computes: .crossEntropy, in: .float32, within: 1
    )
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await Trial(claim, TrialPlan(families: [.normal], caseCount: 10)).run()
    }
    let report = try await task.value
    #expect(report.verdict == .incomplete && !report.hasPassed)
  }

  /// The one finding about exact losses that are changed.
  private func finding(
    _ output: @escaping @Sendable (LossRows, [FloatValue], Int) throws -> FloatValue
  ) async throws -> Finding {
    let report = try await report(output)
    #expect(report.verdict == .fellShort)
    #expect(report.findings.count == 1, "\(report.findings.map(\.kindText))")
    return try #require(report.findings.first)
  }

  /// What is found about exact losses that are changed.
  private func report(
    families: [Family] = [.uniform, .normal],
    _ output: @escaping @Sendable (LossRows, [FloatValue], Int) throws -> FloatValue
  ) async throws -> TrialReport {
    let claim = AccuracyClaim(
      BatchSubject(output: output), computes: .crossEntropy, in: .float32, within: 1)
    let plan = TrialPlan(
      families: families, caseCount: families.count == 1 ? 1000 : 400, searchCount: 0,
      classCounts: 3...3, seed: TestSeed.current)
    return try await Trial(claim, plan).run()
  }
}

/// Exact losses, each changed by what stands beside it.
private struct BatchSubject: Subject {
  let output: @Sendable (LossRows, [FloatValue], Int) throws -> FloatValue

  func answers(to rows: LossRows) async throws -> RowAnswers {
    let exact = try Reference().evaluate(.crossEntropy, rows, in: .float32)
    let values = (0..<rows.count).map { exact[$0].value }
    return RowAnswers(
      (0..<rows.count).map { row in
        do { return .outputs([try output(rows, values, row)]) } catch is Refusal {
          return .unsupported("\(TrialReport.refusal): planted")
        } catch {
          return .failed(error as? Failure ?? Failure(.crash, "\(error)"))
        }
      }, in: .float32)
  }
}

/// What says that nobody answers any more.
private struct Refusal: Error {}

/// The number of a call, from 1.
private final class Calls: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { (count: inout Int) in
      count += 1
      return count
    }
  }
}
