import Checking
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import PropertyEngine
import Testing

@Suite struct `Right forms` {
  private func report(
    _ subject: any Subject, _ function: LossFunction, on row: LossInput, options: String = "{}",
    specialValues: AccuracyClaim.SpecialValues = .apart
  ) async throws -> TrialReport {
    let check = Check(
      subject, named: "under test",
      answering: LiveQuestion(function, in: .float32, options: options),
      options: try LossOptions(parsing: options, for: function, in: .float32),
      specialValues: specialValues, families: [], searchCount: 0, known: [row])
    return try await check.run().report
  }

  private func row(_ logits: [Float], _ target: Target) -> LossInput {
    LossInput(logits: logits.map { FloatValue($0) }, target: target)
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
