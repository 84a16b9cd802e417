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

  @Test func `is called random where two in a hundred answers are wrong by chance`() async throws {
    let random = Mutex(RandomSource(seed: TestSeed.current))
    let finding = try await finding { _, exact, row in
      random.withLock { $0.next() } % 50 == 0 ? .zero : exact[row]
    }
    #expect(finding.reproduction == .notDeterministic)
  }

  @Test func `is called not reproducible where it ends a program once`() async throws {
    let hasFailed = Mutex(false)
    let finding = try await finding { _, exact, row in
      guard
        hasFailed.withLock({ (was: inout Bool) in
          defer { was = true }; return was
        })
      else {
        throw Planted()
      }
      return exact[row]
    }
    #expect(finding.reproduction == .notReproducible && finding.failure.kind == .crash)
    let text = finding.text(of: .crossEntropy, refuting: "", seed: 1, replay: "")
    #expect(text.hasPrefix("cross-entropy in float32: crash, not reproducible\n"))
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

  private struct Planted: Error {}

  /// The one finding about exact losses that are changed.
  private func finding(
    _ output: @escaping @Sendable (LossRows, [FloatValue], Int) throws -> FloatValue
  ) async throws -> Finding {
    let claim = AccuracyClaim(
      BatchSubject(output: output), computes: .crossEntropy, in: .float32, within: 1)
    let plan = TrialPlan(
      families: [.uniform, .normal], caseCount: 400, searchCount: 0, classCounts: 3...3,
      seed: TestSeed.current)
    let report = try await Trial(claim, plan).run()
    #expect(report.verdict == .fellShort)
    #expect(report.findings.count == 1, "\(report.findings.map(\.kindText))")
    return try #require(report.findings.first)
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
        do { return .outputs([try output(rows, values, row)]) } catch {
          return .failed(Failure(.crash, "planted"))
        }
      }, in: .float32)
  }
}
