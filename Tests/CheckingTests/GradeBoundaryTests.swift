import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `A grade` {
  /// What outputs reach on rows, each moved from the exact value by a rule.
  private func reached(
    _ function: LossFunction, in format: FloatFormat = .float32,
    options: LossOptions = LossOptions(), claim: Grade = .common,
    subnormals: CheckContract.Subnormals? = nil, on rows: [LossInput],
    _ output: @escaping @Sendable (CertifiedValue) -> FloatValue
  ) async throws -> (grade: Grade?, next: Grade?, verdict: Verdict, kind: Failure.Kind?) {
    let subject = ClosureSubject(outputFormat: format) { input in
      try Reference().evaluate(function, input, options: options, in: format).map(output)
    }
    let contract = CheckContract(
      function, in: format, options: options, claim: claim, subnormals: subnormals)
    let check = Check(
      subject, named: "under test", contract,
      TrialPlan(families: [], searchCount: 0, known: rows, shrinkingEffort: 500))
    let result = try await check.run()
    return (
      result.reached?.grade, result.reached?.next, result.report.verdict,
      result.report.findings.first?.failure.kind
    )
  }

  private func logits(_ values: Float...) -> LossInput {
    LossInput(logits: values.map { FloatValue($0) })
  }

  private static func moved(_ value: FloatValue, _ steps: Int) -> FloatValue {
    (0..<steps).reduce(value) { value, _ in FloatFormat.float32.nextUp(value) }
  }

  /// log-sum-exp has no square in the doubles there, and the weight of a square is 0.
  @Test(arguments: [LossFunction.crossEntropy, .crossEntropyGradient])
  func `is told of next to the greatest logits`(_ function: LossFunction) async throws {
    let logits = [FloatValue(1.5e308), FloatValue(1.0)]
    let row = LossInput(logits: logits, target: .index(0))
    let grade = try await reached(function, in: .float64, on: [row]) { _ in FloatValue(0.25) }.grade
    #expect(grade == .fallsShort)
  }

  /// A bound overflows there in units u: the loss is 1.5e308, and 3·1.5e308·u is finite.
  @Test(arguments: [(0.25, false), (1.49e308, false), (0x1.ab36d48e1acf3p+1023, true)])
  func `has a bound next to the greatest losses`(_ output: Double, _ isCommon: Bool) async throws {
    let row = LossInput(logits: [FloatValue(1.5e308), FloatValue(1.0)], target: .index(1))
    let grade = try await reached(.crossEntropy, in: .float64, on: [row]) { _ in
      FloatValue(output)
    }.grade
    #expect((grade != .fallsShort) == isCommon)
  }

  /// Logits of 1e30 are off by 1e23 when they are scaled, and a probability still lies between 0 and 1.
  @Test(arguments: [
    (LossFunction.softmax, Float(0.5), true), (.softmax, 3, false),
    (.crossEntropyGradient, 0.5, true), (.crossEntropyGradient, 3, false),
  ])
  func `has probabilities between 0 and 1 however far off logits are`(
    _ function: LossFunction, _ output: Float, _ isCommon: Bool
  ) async throws {
    var options = LossOptions()
    options.scale = FloatValue(Float(1.1))
    var row = logits(1e30, 1e30)
    if function.hasTarget { row.target = .index(0) }
    let grade = try await reached(function, options: options, on: [row]) { exact in
      FloatValue(exact.value.isNegative ? -output : output)
    }.grade
    #expect((grade != .fallsShort) == isCommon)
  }

  @Test func `has a bound for means of losses whose sum overflows`() {
    let contract = CheckContract(.crossEntropy, in: .float64)
    let row = LossInput(logits: [FloatValue(1.5e308), FloatValue(1.0)], target: .index(1))
    var rows = LossRows(.float64, classCount: 2, targetKind: .index)
    for _ in 0..<3 { rows.append(row) }
    let losses = [Double](repeating: 1.5e308, count: 3)
    let error = contract.commonError(ofReduced: rows, losses: losses, divisor: 3)
    #expect(error > 1e292 && error < 1e297)
  }

  /// σ(0) = 1/2, so that steps are ulps.
  @Test(
    arguments: [
      (0, Grade.correctlyRounded, nil), (1, .ulps(1), .faithful), (3, .ulps(3), .faithful),
      (40, .fallsShort, .common),
    ] as [(Int, Grade, Grade?)])
  func `in ulps is the number of steps from an exact value`(
    _ steps: Int, _ grade: Grade, _ next: Grade?
  ) async throws {
    let (reached, better, _, _) = try await reached(.sigmoid, on: [logits(0)]) {
      Self.moved($0.value, steps)
    }
    #expect(reached == grade && better == next)
  }

  @Test func `faithful has either neighbour of the exact value`() async throws {
    let (grade, next, _, _) = try await reached(.softplus, on: [logits(1), logits(2)]) { exact in
      guard let approximation = exact.approximation else { return exact.value }
      let isAbove = exact.value.isLess(than: approximation)
      return isAbove
        ? FloatFormat.float32.nextUp(exact.value)
        : FloatFormat.float32.nextUp(exact.value.negated).negated
    }
    #expect(grade == .faithful && next == .correctlyRounded)
  }

  @Test(arguments: [
    (Grade.ulps(3), true), (.ulps(2.5), false), (.faithful, false), (.common, true),
    (.roundedFrom(.float64), false),
  ])
  func `is passed where it is claimed and holds`(_ claim: Grade, _ passes: Bool) async throws {
    let verdict = try await reached(.sigmoid, claim: claim, on: [logits(0)]) {
      Self.moved($0.value, 3)
    }.verdict
    #expect((verdict == .passed) == passes)
  }

  /// log-softmax of (20, 0) is −2.06e−9: float32 may come to −1e−7 and to 0, and bfloat16 holds both.
  @Test(
    arguments: [
      (0, true), (-0x1p-23, true), (-0x1p-13, false), (0x1p-23, true),
    ] as [(Float, Bool)])
  func `of what was rounded from float32 is as near as float32 is`(
    _ output: Float, _ holds: Bool
  ) async throws {
    let (grade, _, verdict, _) = try await reached(
      .logSoftmax, in: .bfloat16, claim: .roundedFrom(.float32), on: [logits(20, 0)]
    ) { exact in
      exact.value.double > -1 ? FloatValue(output) : exact.value
    }
    #expect(grade == (holds ? .roundedFrom(.float32) : .fallsShort))
    #expect((verdict == .passed) == holds)
  }

  @Test func `of what was rounded from float32 has no place for cut-off digits`() async throws {
    let rows = (1...40).map { logits(Float($0) / 8) }
    let (grade, _, verdict, _) = try await reached(
      .sigmoid, in: .bfloat16, claim: .roundedFrom(.float32), on: rows
    ) { exact in
      guard let approximation = exact.approximation else { return exact.value }
      return FloatFormat.bfloat16.rounded(approximation, .towardZero)
    }
    #expect(grade == .faithful && verdict == .fellShort)
  }

  @Test(
    arguments: [
      (Grade.common, nil, true), (.common, .keep, false), (.common, .flush, true),
      (.ulps(4), nil, false), (.ulps(4), .keep, false), (.ulps(4), .flush, true),
    ] as [(Grade, CheckContract.Subnormals?, Bool)])
  func `takes 0 for what is subnormal as is agreed`(
    _ claim: Grade, _ subnormals: CheckContract.Subnormals?, _ passes: Bool
  ) async throws {
    let (_, _, verdict, kind) = try await reached(
      .sigmoid, claim: claim, subnormals: subnormals, on: [logits(-90)]
    ) { _ in .zero }
    #expect((verdict == .passed) == passes)
    #expect(kind == (passes ? nil : .flushed))
  }

  @Test func `takes nothing but 0 for what is subnormal`() async throws {
    let verdict = try await reached(
      .sigmoid, claim: .ulps(4), subnormals: .flush, on: [logits(-90)]
    ) { _ in FloatValue(Float.leastNormalMagnitude) }.verdict
    #expect(verdict == .fellShort)
  }

  @Test func `takes inputs that are flushed, where that is agreed`() async throws {
    // log-sum-exp of one class is the logit.
    let row = LossInput(logits: [FloatValue(Float(0x1p-130)), FloatValue(Float(-200))])
    for subnormals in [CheckContract.Subnormals.flush, .keep] {
      let subject = ClosureSubject { _ in [.zero] }
      let contract = CheckContract(
        .logSumExp, in: .float32, claim: .ulps(1), subnormals: subnormals)
      let check = Check(
        subject, named: "under test", contract,
        TrialPlan(families: [], searchCount: 0, known: [row], shrinkingEffort: 100))
      #expect(try await (check.run().report.verdict == .passed) == (subnormals == .flush))
    }
  }

  @Test func `falls short where rows are not answered`() async throws {
    let subject = ClosureSubject { _ in throw CancellationError() }
    let check = Check(
      subject, named: "under test", CheckContract(.sigmoid, in: .float32),
      TrialPlan(families: [.normal], caseCount: 5, searchCount: 0))
    #expect(try await check.run().reached?.grade == .fallsShort)
  }

  @Test func `tells what keeps from the next better one in the fewest classes`() async throws {
    let rows = [logits(0, 0, 0, 0), logits(0, 0), logits(0, 0, 0)]
    let subject = ClosureSubject { input in
      try Reference().evaluate(.softmax, input, in: .float32).map { Self.moved($0.value, 1) }
    }
    let check = Check(
      subject, named: "under test", CheckContract(.softmax, in: .float32),
      TrialPlan(families: [], searchCount: 0, known: rows))
    let reached = try #require(try await check.run().reached)
    #expect(reached.obstacle?.witness.input == rows[1])
  }
}
