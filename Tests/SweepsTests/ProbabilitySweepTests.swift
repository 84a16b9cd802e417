import FloatFormats
import Foundation
import LossFunctions
import Losses
import Multiprecision
import Reference
import Sweeps
import TestSupport
import Testing
import Verification

/// A form of the binary cross-entropy, or of its gradient, of one number, with the outputs that a closure gives.
private struct Form: Implementation {
  let function: LossFunction
  let kind: InputKind
  let value: @Sendable (_ number: Double) -> Double
  let name = "form"
  let formula = "a form"

  func options(classCount: Int) -> LossOptions {
    var options = LossOptions()
    options.input = kind
    return options
  }

  func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    let values = rows.logits.doubles.map {
      rows.format.rounded(FloatValue(value($0)), .nearestEven).double
    }
    return ComputedRows(values: NumberColumn(rows.format, doubles: values))
  }
}

@Suite struct `A sweep of probabilities` {
  private static func plan(
    _ implementation: any Implementation, _ format: FloatFormat, label: Int, shard: Int,
    of count: Int = 16
  ) throws -> SweepPlan {
    let subject = try #require(
      SweepSubject(implementation.function, label: label, input: implementation.input))
    return try SweepPlan(
      implementation: implementation, subject: subject, format: format, shard: shard, of: count)
  }

  private static func builtIn(_ function: LossFunction, _ name: String) throws
    -> any Implementation
  {
    try #require(Implementations.all.first { $0.function == function && $0.name == name })
  }

  struct Part: Sendable, CustomStringConvertible {
    let name: String
    let function: LossFunction
    let format: FloatFormat
    let label: Int
    /// Of 16.
    let shard: Int

    var description: String { "\(function) \(name), \(format), \(label), \(shard)" }
  }

  /// The sixteenths with 0 and subnormal numbers, with 1, and with NaN or numbers that are no probabilities; with
  /// −0, where values underflow, and with −∞.
  static let parts: [Part] = [
    Part(name: "p-log", function: .binaryCrossEntropy, format: .float16, label: 0, shard: 1),
    Part(name: "p-log1p", function: .binaryCrossEntropy, format: .bfloat16, label: 1, shard: 4),
    Part(name: "p-clipped", function: .binaryCrossEntropy, format: .float16, label: 1, shard: 4),
    Part(
      name: "p-quotients", function: .binaryCrossEntropyGradient, format: .float16, label: 1,
      shard: 1),
    Part(
      name: "p-floored", function: .binaryCrossEntropyGradient, format: .float16, label: 1,
      shard: 1),
    Part(
      name: "p-practical", function: .binaryCrossEntropyGradient, format: .bfloat16, label: 0,
      shard: 4),
    Part(name: "p-clamped", function: .binaryCrossEntropy, format: .bfloat16, label: 0, shard: 8),
    Part(name: "log-p", function: .binaryCrossEntropy, format: .float16, label: 0, shard: 16),
    Part(
      name: "log-p-two-case", function: .binaryCrossEntropy, format: .bfloat16, label: 0, shard: 9),
    Part(
      name: "log-p-expm1", function: .binaryCrossEntropyGradient, format: .bfloat16, label: 0,
      shard: 9),
    Part(
      name: "log-p-practical", function: .binaryCrossEntropyGradient, format: .float16, label: 1,
      shard: 13),
    Part(
      name: "log-p-practical", function: .binaryCrossEntropy, format: .bfloat16, label: 0,
      shard: 13),
  ]

  /// Some of them, and another one by another seed; `LOSS_ORACLE_CASES` asks for all.
  private static let chosen =
    TestSeed.count(0) > 0
    ? Array(parts.indices)
    : Set([0, 3, 9, Int(TestSeed.current % UInt64(parts.count))]).sorted()

  @Test(arguments: chosen) func `counts what MPFR says of each number`(index: Int) async throws {
    let part = Self.parts[index]
    let implementation = try Self.builtIn(part.function, part.name)
    let plan = try Self.plan(implementation, part.format, label: part.label, shard: part.shard)
    let tally = try await completed(plan).tally
    let options = implementation.options(classCount: 1)
    let encodings =
      plan.blocks.lowerBound * plan.blockSize..<plan.blocks.upperBound * plan.blockSize
    let numbers = encodings.map { part.format.decode(UInt128($0)) }
    let rows = numbers.map {
      LossInput(logits: [$0], target: .probabilities([FloatValue(Float(part.label))]))
    }.batches(in: part.format)[0].rows
    let exact = try Reference(usesFastTier: false).evaluate(
      part.function, rows, options: options, in: part.format)
    let computed = try #require(implementation.evaluate(rows, withBounds: false)).values
    var expected: [String: UInt64] = [:]
    var worst = -1.0
    for (row, number) in numbers.enumerated() {
      let (exact, value, x) = (try exact.row(row)[0], computed[row], number.double)
      let isOrdinary =
        options.input == .probabilities ? x > 0 && x < 1 : x < 0 && x.isFinite
      let isSame =
        exact.value.isNumericallyEqual(to: value) || (exact.value.isNaN && value.isNaN)
      guard isOrdinary else {
        expected["special", default: 0] += 1
        if !isSame { expected["missed", default: 0] += 1 }
        continue
      }
      expected["ordinary", default: 0] += 1
      if !isSame { expected["misrounded", default: 0] += 1 }
      if value.isFinite {
        if value.double * exact.value.double < 0 { expected["signs", default: 0] += 1 }
        worst = max(worst, exact.error(of: value).ulps)
      } else if exact.value.isFinite {
        expected["nonfinite", default: 0] += 1
      }
    }
    let found = [
      "special": tally.specialLogits, "missed": tally.specialDifferences,
      "ordinary": tally.finiteLogits, "misrounded": tally.misrounded, "signs": tally.wrongSigns,
      "nonfinite": tally.nonFinite,
    ]
    #expect(found.filter { $0.value > 0 } == expected)
    #expect(abs((tally.worst?.ulps ?? -1) - worst) <= 0x1p-14 * max(1, worst))
    #expect(tally.decidedByMPFR < 16)
  }

  @Test func `counts apart what is not between 0 and 1, and holds it against conventions`()
    async throws
  {
    // The exact values but for rounding, so all that is apart is as it should be.
    let right = Form(function: .binaryCrossEntropy, kind: .probabilities) {
      $0 >= 0 && $0 <= 1 ? -log1p(-$0) : .nan
    }
    var tally = SweepTally()
    for shard in 1...16 {
      tally.add(
        try await completed(Self.plan(right, .float16, label: 0, shard: shard)).tally)
    }
    // 0x0001 to 0x3bff.
    #expect(tally.finiteLogits == 0x3BFF && tally.specialLogits == 0x10000 - 0x3BFF)
    #expect(tally.misrounded == 0 && tally.specialDifferences == 0)
    #expect(tally.worst?.ulps ?? 1 <= 0.5)
    // Of what is apart, 0, −0 and 1 are no NaN.
    let wrong = Form(function: .binaryCrossEntropy, kind: .probabilities) {
      $0 > 0 && $0 < 1 ? -log1p(-$0) : .nan
    }
    for shard in [1, 4, 9] {
      let tally = try await completed(Self.plan(wrong, .float16, label: 0, shard: shard))
        .tally
      #expect(tally.specialDifferences == 1)
    }
  }

  @Test func `tells wrong forms`() async throws {
    let flipped = Form(function: .binaryCrossEntropyGradient, kind: .logProbabilities) { _ in 1 }
    let signs = try await completed(Self.plan(flipped, .float16, label: 1, shard: 10)).tally
    #expect(signs.wrongSigns == 4096 && signs.misrounded == 4096 && signs.worst?.ulps == 2048)
    let infinite = Form(function: .binaryCrossEntropy, kind: .logProbabilities) { _ in .infinity }
    let values = try await completed(Self.plan(infinite, .float16, label: 1, shard: 9)).tally
    #expect(values.nonFinite == 4095 && values.firstNonFinite?.logit == "-0x1p-24")
    #expect(values.specialLogits == 1 && values.specialDifferences == 1)
  }

  @Test func `belongs to the files of its input alone, and adds up`() async throws {
    func certificate(_ kind: InputKind, shard: Int, of count: Int) async throws -> SweepCertificate
    {
      let form = Form(function: .binaryCrossEntropy, kind: kind) { $0 }
      return try await completed(
        Self.plan(form, .bfloat16, label: 1, shard: shard, of: count))
    }
    let whole = try await certificate(.probabilities, shard: 2, of: 8)
    let parts = [
      try await certificate(.probabilities, shard: 4, of: 16),
      try await certificate(.probabilities, shard: 3, of: 16),
    ]
    let merged = try SweepCertificate.merged(parts.map { ("part", $0) })
    #expect(try merged?.encoded() == whole.encoded())
    #expect(String(decoding: try whole.encoded(), as: UTF8.self).contains("\"probabilities\""))
    let other = try await certificate(.logProbabilities, shard: 4, of: 16)
    #expect(throws: SweepFileError.otherSweep(path: "other", differences: ["input"])) {
      try SweepCertificate.merged([("part", parts[1]), ("other", other)])
    }
  }

  @Test func `takes the binary loss with a label, in 16-bit formats, of what the form takes`()
    throws
  {
    #expect(SweepSubject(.binaryCrossEntropy, label: nil, input: .probabilities) == nil)
    #expect(SweepSubject(.binaryCrossEntropy, label: 2, input: .probabilities) == nil)
    #expect(SweepSubject(.crossEntropy, label: 0, input: .probabilities) == nil)
    #expect(SweepSubject(.softplus, label: nil, input: .logProbabilities) == nil)
    let form = try Self.builtIn(.binaryCrossEntropy, "p-log")
    #expect(throws: SweepError.self) { try Self.plan(form, .float32, label: 0, shard: 1) }
    for input in [InputKind.logits, .logProbabilities] {
      let subject = try #require(SweepSubject(.binaryCrossEntropy, label: 0, input: input))
      #expect(throws: SweepError.hasOptions("p-log")) {
        try SweepPlan(implementation: form, subject: subject, format: .float16)
      }
    }
  }
}
