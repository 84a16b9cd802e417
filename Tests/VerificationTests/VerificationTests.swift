import Cases
import FloatFormats
import Foundation
import LossFunctions
import Losses
import TestSupport
import Testing
import Verification

@Suite struct `A verification` {
  @Test func `gives the same bytes on one thread and on four`() async throws {
    // Of 520 cases the last 8 are a piece of their own.
    let plan = plan(
      of: [.softplus, .softmax, .crossEntropy], families: [.uniform, .overflowEdge],
      formats: [.float32], caseCount: 520)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var reports: Set<Data> = []
    for threadCount in [1, 4] {
      let rows = try await plan.run(threadCount: threadCount) { _, _ in }
      reports.insert(try encoder.encode(VerificationReport(plan, rows: rows)))
    }
    #expect(reports.count == 1)
  }

  @Test func `shows the naive categorical loss not finite on huge logits`() async throws {
    let row = try await row("naive", .crossEntropy, .hugeMagnitude)
    #expect(row.nonFiniteCount > row.caseCount / 2 && row.maximumULPs == .infinity)
    #expect(try await self.row("logits", .crossEntropy, .hugeMagnitude).nonFiniteCount == 0)
  }

  @Test func `shows the naive binary loss infinite, NaN or 0 far from zero`() async throws {
    let row = try await row("naive", .binaryCrossEntropy, .confident)
    #expect(row.nonFiniteCount > 0)
    #expect(row.worst?.computed.isZero == true && row.worst?.exact.isZero == false)
    #expect(try await self.row("logits", .binaryCrossEntropy, .confident).maximumULPs < 2)
  }

  @Test func `shows where the usual logit forms lose digits too`() async throws {
    let loss = try await row("logits", .crossEntropy, .confident)
    #expect(loss.maximumULPs > 1e6 && loss.nonFiniteCount == 0)
    let gradient = try await row("fused", .crossEntropyGradient, .confident)
    #expect(gradient.maximumULPs > 1e6)
  }

  @Test func `counts every case once, however it is cut`() async throws {
    // How they are cut is the same for all forms of a function.
    var plan = plan(families: [.normal], formats: [.float16, .float64], caseCount: 520)
    plan.implementations = LossFunction.allCases.compactMap { function in
      plan.implementations.first { $0.function == function }
    }
    for row in try await plan.run(threadCount: 3, progress: { _, _ in }) {
      #expect(row.statistics.caseCount == 520)
      let perCase = row.cell.shape.function.outputCount(classCount: 10)
      #expect(row.statistics.outputCount == 520 * perCase)
    }
  }

  @Test func `reports progress up to the whole`() async throws {
    let plan = plan(families: [.normal], formats: [.float32], caseCount: 20)
    try await confirmation { isComplete in
      _ = try await plan.run(threadCount: 2) { done, total in
        if done == total { isComplete() }
      }
    }
  }

  @Test func `begins at once whatever the number of cases, and ends when it is cancelled`()
    async throws
  {
    let plan = plan(families: [.normal], formats: [.float32], caseCount: 1_000_000_000_000)
    let (began, progress) = AsyncStream.makeStream(of: Void.self)
    let run = Task { try await plan.run(threadCount: 2) { _, _ in progress.finish() } }
    for await _ in began {}
    run.cancel()
    let cells = Set(try await run.value.map(\.cell.shape.function))
    #expect(cells.count <= 1)
  }

  @Test func `keeps a witness that gives its error again`() async throws {
    let plan = plan(families: [.uniform], formats: [.float32], caseCount: 50)
    for row in try await plan.run(threadCount: 2, progress: { _, _ in }) {
      guard let witness = row.statistics.worst else { continue }
      let outputs = row.implementation.evaluate(witness.input, in: .float32)
      #expect(outputs?[witness.outputIndex] == witness.computed)
      let replayed = row.cell.family.input(row.cell.shape, seed: plan.seed, index: witness.index)
      #expect(replayed == witness.input)
    }
  }

  private func plan(
    of functions: [LossFunction] = LossFunction.allCases, families: [Family],
    formats: [FloatFormat], caseCount: Int
  ) -> VerificationPlan {
    // Each set of options takes answers of its own; OptionVerificationTests has those.
    VerificationPlan(
      implementations: Implementations.all.filter {
        functions.contains($0.function) && $0.options(classCount: 10) == LossOptions()
      },
      formats: formats, families: families, caseCount: caseCount, classCount: 10,
      seed: TestSeed.current)
  }

  private func row(
    _ name: String, _ function: LossFunction, _ family: Family
  ) async throws -> ErrorTally {
    let plan = VerificationPlan(
      implementations: Implementations.all.filter { $0.name == name && $0.function == function },
      formats: [.float32], families: [family], caseCount: 200, classCount: 10,
      seed: TestSeed.current)
    return try #require(try await plan.run(threadCount: 2) { _, _ in }.first).statistics
  }
}
