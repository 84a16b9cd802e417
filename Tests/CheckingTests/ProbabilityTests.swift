import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
import Losses
import PropertyEngine
import TestSupport
import Testing

/// A loss of probabilities in `Float`, with one mistake in it.
private struct ProbabilityLoss: Sendable, CustomStringConvertible {
  let mistake: String
  let function: LossFunction
  var input = InputKind.probabilities
  let outputs: @Sendable (_ p: [Float], _ target: Float) -> [Float]

  var description: String { "\(mistake) in \(function) of \(input)" }

  static func binary(_ p: Float, _ q: Float, _ y: Float) -> [Float] {
    [-(y == 0 ? 0 : y * log(p)) - (y == 1 ? 0 : (1 - y) * log(q))]
  }

  static let all: [ProbabilityLoss] = [
    .init(mistake: "sign-flipped", function: .crossEntropy) { p, t in [log(p[Int(t)])] },
    .init(mistake: "sign-flipped", function: .crossEntropyGradient, input: .logProbabilities) {
      l, t in l.indices.map { $0 == Int(t) ? 1 : 0 }
    },
    .init(mistake: "probabilities-as-logits", function: .crossEntropy) {
      [WrongLoss.loss($0, $1)]
    },
    .init(mistake: "probabilities-as-logits", function: .binaryCrossEntropy) {
      [WrongLoss.binary($0[0], $1)]
    },
    .init(mistake: "logarithm-left-out", function: .crossEntropy) { p, t in [-p[Int(t)]] },
    .init(mistake: "logarithm-taken-twice", function: .crossEntropy, input: .logProbabilities) {
      l, t in [-log(l[Int(t)])]
    },
    .init(mistake: "gradient-by-logit", function: .binaryCrossEntropyGradient) {
      [$0[0] - $1]
    },
    .init(mistake: "gradient-by-logit", function: .crossEntropyGradient) { p, t in
      p.indices.map { p[$0] - ($0 == Int(t) ? 1 : 0) }
    },
    .init(mistake: "log-clamped-at-100", function: .binaryCrossEntropy) { p, y in
      [
        (y - 1) * max(log1p(-p[0]), -100) - y * max(log(p[0]), -100)
      ]
    },
    .init(mistake: "clipped-at-epsilon", function: .binaryCrossEntropy) { p, y in
      let p = min(max(p[0], 1e-7), 1 - 1e-7)
      return binary(p, 1 - p, y)
    },
    .init(mistake: "clipped-at-epsilon", function: .crossEntropy) { p, t in
      let sum = p.reduce(0, +)
      return [-log(min(max(p[Int(t)] / sum, 1e-7), 1 - 1e-7))]
    },
    .init(mistake: "epsilon-added", function: .crossEntropy) { p, t in [-log(p[Int(t)] + 1e-8)] },
    .init(mistake: "divided-by-sum", function: .crossEntropy) { p, t in
      [-log(p[Int(t)] / p.reduce(0, +))]
    },
    .init(mistake: "divided-by-sum", function: .crossEntropyGradient) { p, t in
      let sum = p.reduce(0, +)
      return p.indices.map { (1 - ($0 == Int(t) ? sum / p[$0] : 0)) / sum }
    },
    .init(mistake: "clip-without-gradient", function: .binaryCrossEntropyGradient) { p, y in
      let q = p[0]
      guard q >= 1e-7, q <= 1 - 1e-7 else { return [0] }
      return [(1 - y) / (1 - q) - y / q]
    },
    .init(mistake: "gradient-at-clipped-probability", function: .binaryCrossEntropyGradient) {
      p, y in
      let q = min(max(p[0], 1e-7), 1 - 1e-7)
      return [(q - y) / (q * (1 - q))]
    },
    .init(mistake: "gradient-at-clipped-probability", function: .crossEntropyGradient) { p, t in
      p.indices.map { $0 == Int(t) ? -1 / max(p[$0], 3e-5) : 0 }
    },
    .init(mistake: "complement-rounded", function: .binaryCrossEntropy) { p, y in
      binary(p[0], 1 - p[0], y)
    },
    .init(mistake: "gradient-floored", function: .binaryCrossEntropyGradient) { p, y in
      [(p[0] - y) / max((1 - p[0]) * p[0], 1e-12)]
    },
  ]
}

@Suite struct `A check of probabilities` {
  private func result(
    _ subject: any Subject, _ function: LossFunction, _ input: InputKind,
    in format: FloatFormat = .float32, specialValues: CheckContract.SpecialValues = .apart,
    count: Int = 60
  ) async throws -> CheckResult {
    let plan = TrialPlan(
      families: Families.random, caseCount: count, searchCount: 0, classCounts: 2...6,
      seed: TestSeed.current, shrinkingEffort: 500)
    var options = LossOptions()
    options.input = input
    let contract = CheckContract(
      function, in: format, options: options, specialValues: specialValues)
    return try await Check(subject, named: "under test", contract, plan).run()
  }

  @Test(arguments: ProbabilityLoss.all.indices)
  fileprivate func `names each mistake`(_ index: Int) async throws {
    let wrong = ProbabilityLoss.all[index]
    let result = try await result(
      BatchSubject { rows, targets in zip(rows, targets).map(wrong.outputs) }, wrong.function,
      wrong.input)
    let hasPassed = result.report.hasPassed
    #expect(!hasPassed)
    #expect(
      result.diagnoses.first?.mistake.name == wrong.mistake,
      "\(wrong): \(result.diagnoses.map(\.text))")
  }

  @Test func `has every mistake made in one of these`() {
    #expect(
      Set(ProbabilityLoss.all.map(\.mistake)) == Set(Mistakes.ofProbabilities.map(\.name)))
  }

  @Test(arguments: [FloatFormat.float32, .float64])
  func `passes the forms that are right, and names no mistake of them`(
    _ format: FloatFormat
  ) async throws {
    // Each rounds 1 − p, or 1 − e^l, before its logarithm, or clips.
    let wrong: Set<String> = ["p-log", "p-clipped", "p-clamped", "p-floored", "log-p"]
    var count = 0
    for implementation in Implementations.all where implementation.input != .logits {
      let isBinary = implementation.function.isBinary
      let isWrong =
        isBinary ? wrong.contains(implementation.name) : implementation.name == "p-clipped"
      let result = try await result(
        ImplementationSubject(implementation), implementation.function, implementation.input,
        in: format)
      let text = "\(format) \(implementation.function) \(implementation.name)"
      let hasPassed = result.report.hasPassed
      #expect(hasPassed == !isWrong, "\(text): \(result.findingTexts { _ in "" })")
      if !isWrong { #expect(result.diagnoses.isEmpty, "\(text)") }
      count += isWrong ? 0 : 1
    }
    #expect(count == 16)
  }

  @Test func `holds infinite losses apart, unless they are to count`() async throws {
    let subject = BatchSubject { rows, targets in
      zip(rows, targets).map { p, y in
        // 0 for certain and right, 100 for certain and wrong; no smaller loss is clamped.
        let loss = ProbabilityLoss.binary(p[0], 1, y)[0] - (y == 1 ? 0 : (1 - y) * log1p(-p[0]))
        return [loss.isInfinite ? 100 : loss]
      }
    }
    let apart = try await result(subject, .binaryCrossEntropy, .probabilities, count: 200)
    let (passes, differences) = (
      apart.report.hasPassed, apart.report.stages.reduce(0) { $0 + $1.specialDifferences }
    )
    #expect(passes && differences > 0, "\(apart.findingTexts { _ in "" })")
    let strict = try await result(
      subject, .binaryCrossEntropy, .probabilities, specialValues: .strict, count: 200)
    let isStrict = strict.report.hasPassed
    #expect(!isStrict)
  }
}
