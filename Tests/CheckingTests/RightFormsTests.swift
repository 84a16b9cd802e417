import Checking
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Multiprecision
import PropertyEngine
import Testing

@Suite struct `Right forms` {
  private func report(
    _ subject: any Subject, _ function: LossFunction, on row: LossInput, options: String = "{}",
    specialValues: CheckContract.SpecialValues = .apart
  ) async throws -> TrialReport {
    let check = Check(
      subject, named: "under test",
      try CheckContract(
        function, in: .float32, parsing: options, specialValues: specialValues),
      TrialPlan(families: [], searchCount: 0, known: [row]))
    return try await check.run().report
  }

  private func row(_ logits: [Float], _ target: Target) -> LossInput {
    LossInput(logits: logits.map { FloatValue($0) }, target: target)
  }

  @Test(arguments: [FloatFormat.bfloat16, .float32])
  func `of bfloat16 logits do not sum in bfloat16`(_ outputFormat: FloatFormat) async throws {
    // Σ e^(x − max) of 600 equal logits stands still at 256.
    let subject = ClosureSubject(outputFormat: outputFormat) { input in
      let sum = input.logits.reduce(Float(0)) { sum, _ in
        Float(FloatFormat.bfloat16.nearest(Double(sum + 1)))
      }
      return [outputFormat.rounded(FloatValue(log(sum)), .nearestEven)]
    }
    let contract = try CheckContract(
      .logSumExp, in: .bfloat16, outputFormat: outputFormat, parsing: "{}")
    let row = LossInput(logits: [FloatValue](repeating: .zero, count: 600))
    let check = Check(
      subject, named: "under test", contract,
      TrialPlan(families: [], searchCount: 0, known: [row]))
    let report = try await check.run().report
    #expect(report.stages[0].failureCount == 1)
  }

  @Test(arguments: [([0.75, 0.25], false), ([0.25, 0.25], true)] as [([Float], Bool)])
  func `of the gradient, p − y and p·Σy − y, are told apart only if asked`(
    _ y: [Float], _ differs: Bool
  ) async throws {
    let subject = RowSubject { input in
      zip(WrongLoss.softmax(input.logits.map { Float($0.double) }), y).map { $0 - $1 }
    }
    let row = row([0, 1], .probabilities(y.map { FloatValue($0) }))
    let apart = try await report(subject, .crossEntropyGradient, on: row)
    #expect(apart.hasPassed)
    #expect(apart.abstentions.values.reduce(0, +) == (differs ? 1 : 0))
    let strict = try await report(
      subject, .crossEntropyGradient, on: row, specialValues: .strict)
    #expect(strict.hasPassed == !differs)
  }

  @Test(
    arguments: [
      ([0, 3e38, -7e37], Float.infinity, true),
      ([0, 3e38, -7e37], .nan, false),
      ([0, 3e38, 0], .infinity, false),
    ] as [([Float], Float, Bool)])
  func `may overflow with the difference of two logits`(
    _ logits: [Float], _ output: Float, _ passes: Bool
  ) async throws {
    let report = try await report(
      RowSubject { _ in [output] }, .crossEntropy, on: row(logits, .index(0)),
      options: "{\"label_smoothing\":0.1}")
    #expect(report.hasPassed == passes)
  }
}

/// A function of single rows in `Float`.
private struct RowSubject: Subject {
  let outputs: @Sendable (LossInput) -> [Float]

  func answers(to rows: LossRows) async throws -> RowAnswers {
    RowAnswers(
      (0..<rows.count).map { .outputs(outputs(rows[$0]).map { FloatValue($0) }) }, in: .float32)
  }
}
