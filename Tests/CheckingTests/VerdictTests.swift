import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
import PropertyEngine
import TestSupport
import Testing

/// What a check of a kernel on some rows, and on ordinary ones, comes to.
private func result(
  _ subject: any Subject, _ contract: CheckContract, on rows: [LossInput] = [],
  families: [Family] = [], count: Int = 50
) async throws -> CheckResult {
  let plan = TrialPlan(
    families: families, caseCount: count, searchCount: 0, seed: TestSeed.current, known: rows,
    shrinkingEffort: 2000)
  return try await Check(subject, named: "under test", contract, plan).run()
}

/// How one row fails: of many classes, to make it simpler would take longer than to judge it.
private func failure(
  of subject: any Subject, _ contract: CheckContract, on row: LossInput
) async throws -> Failure? {
  try await AccuracyClaim(subject, contract).judge([row])[0].failure
}

private func row(_ logits: [Float], _ target: Target = .none) -> LossInput {
  LossInput(logits: logits.map { FloatValue($0) }, target: target)
}

/// Rows of normal logits that a format holds.
private func rows(
  _ count: Int, of classCount: Int, in format: FloatFormat, label: Int? = 0
) -> [LossInput] {
  (0..<count).map { index in
    let shape = CaseShape(function: .logSoftmax, format: format, classCount: classCount)
    var input = Family.normal.input(shape, seed: TestSeed.current, index: index)
    input.target = label.map { .index($0) } ?? .none
    return input
  }
}

@Suite struct `A check refuses` {
  @Test(arguments: [-5, 0] as [Float])
  func `the same loss for every row of 8192 classes in bfloat16`(_ constant: Float) async throws {
    let result = try await result(
      Kernel.subject(in: .bfloat16) { _, _ in [constant] },
      CheckContract(.crossEntropy, in: .bfloat16), on: rows(3, of: 8192, in: .bfloat16))
    #expect(result.report.verdict == .fellShort && result.reached?.grade == .fallsShort)
    #expect(result.report.stages[0].failureCount == 3)
  }

  @Test func `a softmax in bfloat16 whose rows do not sum to 1`() async throws {
    let failure = try await failure(
      of: Kernel.subject(in: .bfloat16) { x, _ in
        let greatest = x.max() ?? 0
        let terms = x.map { Kernel.narrow(exp($0 - greatest)) }
        let sum = terms.reduce(0) { Kernel.narrow($0 + $1) }
        return terms.map { $0 / sum }
      },
      CheckContract(.softmax, in: .bfloat16), on: rows(1, of: 2000, in: .bfloat16, label: nil)[0])
    #expect(failure?.kind == .inaccurate)
  }

  @Test(arguments: [(FloatFormat.bfloat16, 256), (.float16, 1024)])
  func `zeros for probabilities of many classes`(
    _ format: FloatFormat, _ classCount: Int
  ) async throws {
    let result = try await result(
      Kernel.subject(in: format) { x, _ in x.map { _ in 0 } },
      CheckContract(.softmax, in: format), on: rows(2, of: classCount, in: format, label: nil))
    #expect(result.report.stages[0].failureCount == 2)
  }

  @Test func `sums in bfloat16 where float32 comes out`() async throws {
    let result = try await result(
      Kernel.subject { x, target in
        guard case .index(let label) = target else { return [] }
        let greatest = x.max() ?? 0
        let sum = x.reduce(Float(0)) { Kernel.narrow($0 + exp($1 - greatest)) }
        return [log(sum) - (x[label] - greatest)]
      },
      CheckContract(.crossEntropy, in: .bfloat16, outputFormat: .float32), families: [.normal])
    #expect(result.report.verdict == .fellShort)
  }

  @Test func `the padding of a vocabulary, counted`() async throws {
    let count = 129_920
    let failure = try await failure(
      of: Kernel.subject { x, _ in [log(Float(x.count + 128))] },
      CheckContract(.crossEntropy, in: .float32),
      on: row([Float](repeating: 0, count: count), .index(7)))
    #expect(failure?.kind == .inaccurate)
  }

  @Test func `6.1e-5 for 4.1e-8 in float16`() async throws {
    let result = try await result(
      Kernel.subject(in: .float16) { _, _ in [0x1p-14] },
      CheckContract(.crossEntropy, in: .float16), on: [row([0, -17], .index(0))])
    #expect(result.report.stages[0].failureCount == 1)
  }

  @Test func `NaN for a row with a masked class`() async throws {
    let result = try await result(
      Kernel.subject { _, _ in [.nan] }, CheckContract(.crossEntropy, in: .float32),
      on: [row([0, 0, 0, 0, -.infinity], .index(0))])
    #expect(result.report.findings.first?.failure.kind == .nonFinite)
  }

  @Test func `a running maximum that starts above the least number`() async throws {
    let start: Float = -3.4028e38
    let least = -Float.greatestFiniteMagnitude
    let result = try await result(
      Kernel.subject { x, _ in
        let greatest = x.reduce(start) { max($0, $1) }
        return [log(x.reduce(0) { $0 + exp($1 - greatest) }) - (x[0] - greatest)]
      }, CheckContract(.crossEntropy, in: .float32), on: [row([least, least], .index(0))])
    #expect(result.report.verdict == .fellShort)
  }

  @Test func `a label held in 16 bits`() async throws {
    var logits = [Float](repeating: 0, count: 70_000)
    logits[69_999] = 3
    let failure = try await failure(
      of: Kernel.subject { x, target in
        guard case .index(let label) = target else { return [] }
        return Kernel.outputs(.crossEntropy, x, .index(label & 0xFFFF), .pairs)
      }, CheckContract(.crossEntropy, in: .float32), on: row(logits, .index(69_999)))
    #expect(failure?.kind == .inaccurate)
  }

  @Test(
    arguments: [
      (.crossEntropy, -1e-3), (.softmax, 1.5), (.crossEntropyGradient, 0), (.logSoftmax, 0.1),
      (.sigmoid, -0.1),
    ] as [(LossFunction, Float)])
  func `what cannot be, whatever number of ulps is claimed`(
    _ function: LossFunction, _ output: Float
  ) async throws {
    let target: Target = function.hasTarget ? .index(1) : .none
    let logits: [Float] = function.isBinary ? [1] : [1, 2]
    let result = try await result(
      Kernel.subject { x, _ in
        function.hasOutputPerClass ? x.map { _ in output } : [output]
      }, CheckContract(function, in: .float32, claim: .ulps(.infinity)), on: [row(logits, target)])
    #expect(result.report.findings.first?.failure.kind == .impossible)
  }

  @Test func `one number for rows that differ, whatever number of ulps is claimed`() async throws {
    let result = try await result(
      Kernel.subject { _, _ in [1] },
      CheckContract(.crossEntropy, in: .float32, claim: .ulps(.infinity)), families: [.normal])
    #expect(result.report.verdict == .fellShort)
  }
}

@Suite struct `A check accuses` {
  @Test(arguments: Kernel.Order.allCases)
  func `no right kernel, in whatever order it sums`(_ order: Kernel.Order) async throws {
    // The order shows in sums, of which the others are made.
    let ofSums: Set<LossFunction> = [.softmax, .crossEntropy]
    for function in LossFunction.allCases where order == .forwards || ofSums.contains(function) {
      let long: [Family] = ofSums.contains(function) ? [.dominantClass] : []
      let result = try await result(
        Kernel.right(function, order), CheckContract(function, in: .float32),
        families: Families.random + long + Families.special, count: TestSeed.count(4))
      #expect(
        result.report.verdict == .passed,
        "\(function): \(result.findingTexts { _ in "" }.joined(separator: "\n"))")
    }
  }

  @Test func `no binary gradient that is made by differentiating log(1 + e^z)`() async throws {
    @Sendable func softplus(_ z: Float) -> Float { max(z, 0) + log1p(exp(-abs(z))) }
    let result = try await result(
      Kernel.subject { x, target in
        guard case .probabilities(let values) = target else { return [] }
        let (z, y) = (x[0], Float(values[0].double))
        return [(1 - y) * exp(z - softplus(z)) - y * exp(-z - softplus(-z))]
      }, CheckContract(.binaryCrossEntropyGradient, in: .float32), families: Families.random)
    #expect(
      result.report.verdict == .passed, "\(result.findingTexts { _ in "" }.joined(separator: "\n"))"
    )
  }

  @Test(arguments: [FloatFormat.bfloat16, .float16])
  func `no kernel that computes in float32 and rounds once`(_ format: FloatFormat) async throws {
    for function in LossFunction.allCases {
      let contract = CheckContract(function, in: format, claim: .roundedFrom(.float32))
      let result = try await result(
        Kernel.right(function, .lanes, in: format), contract, families: Families.random,
        count: TestSeed.count(12))
      #expect(
        result.report.verdict == .passed,
        "\(function): \(result.findingTexts { _ in "" }.joined(separator: "\n"))")
    }
  }

  @Test(
    arguments: Kernel.Order.allCases.map { (1_000, $0) } + [
      (50_257, .online), (151_936, .forwards),
    ])
  func `no right kernel of a large vocabulary`(
    _ classCount: Int, _ order: Kernel.Order
  ) async throws {
    var logits = (0..<classCount).map { 2 * sin(Float($0)) }
    let flat = row(logits, .index(5))
    logits[classCount / 3] = 17
    let confident = row(logits, .index(classCount / 3))
    let equal = row([Float](repeating: 0.3, count: classCount), .index(1))
    let result = try await result(
      Kernel.right(.crossEntropy, order), CheckContract(.crossEntropy, in: .float32),
      on: [flat, confident, equal])
    #expect(
      result.report.verdict == .passed, "\(result.findingTexts { _ in "" }.joined())")
  }

  @Test(arguments: [(-45.336544, .passed), (-45.33, .fellShort)] as [(Float, Verdict)])
  func `no 0 for what the common form may bring below the normal range`(
    _ logit: Float, _ verdict: Verdict
  ) async throws {
    let flushing = Kernel.subject { x, target in
      var outputs = Kernel.outputs(.crossEntropyGradient, x, target, .pairs)
      if outputs.count > 1 { outputs[1] = 0 }
      return outputs
    }
    let result = try await result(
      flushing, CheckContract(.crossEntropyGradient, in: .float32),
      on: [row([0, logit, 42], .index(0))])
    #expect(result.report.verdict == verdict)
  }

  @Test func `no exact softmax in float64 for what a plain sum of its outputs loses`() async throws
  {
    let exact = ClosureSubject(outputFormat: .float64) { input in
      input.logits.map { _ in FloatValue(1 / Double(input.logits.count)) }
    }
    let contract = CheckContract(.softmax, in: .float64, claim: .correctlyRounded)
    let equal = row([Float](repeating: 0, count: 650))
    let result = try await result(exact, contract, on: [equal])
    #expect(
      result.report.verdict == .passed, "\(result.findingTexts { _ in "" }.joined())")
  }
}
