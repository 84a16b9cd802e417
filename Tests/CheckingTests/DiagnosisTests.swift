import Cases
import Checking
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Losses
import Multiprecision
import PropertyEngine
import TestSupport
import Testing

@Suite struct `The diagnosis` {
  private func result(
    _ subject: any Subject, _ function: LossFunction, in format: FloatFormat,
    options: String = "{}", inner: Int? = nil, classCounts: ClosedRange<Int> = 2...6,
    isLong: Bool = false
  ) async throws -> CheckResult {
    var plan = TrialPlan(
      families: [
        .uniform, .bitPattern, .confident, .confidentAndWrong, .overflowEdge, .underflowEdge,
        .largeOffset, .hugeMagnitude, .softTargets,
      ], caseCount: TestSeed.count(3), searchCount: 0, classCounts: classCounts,
      seed: TestSeed.current, shrinkingEffort: 50)
    if isLong {
      // Of few terms, sums hide how they are kept.
      plan.known = [LossInput(logits: (0..<3000).map { FloatValue(Double($0 % 7) / 8) })]
    }
    var contract = try CheckContract(function, in: format, parsing: options)
    contract.layout = RowLayout(inner: inner)
    return try await Check(subject, named: "under test", contract, plan).run()
  }

  @Test(arguments: WrongLoss.all)
  func `names each mistake`(_ wrong: WrongLoss) async throws {
    let result = try await result(
      wrong.subject, wrong.function, in: .float32, options: wrong.options, inner: wrong.inner,
      isLong: wrong.mistake == "16-bit-accumulation")
    #expect(!result.report.hasPassed)
    let named = result.diagnoses.map(\.text)
    #expect(result.diagnoses.first?.mistake.name == wrong.mistake, "\(named)")
  }

  @Test func `has every mistake made in one of these, or in a kernel`() {
    let made = WrongLoss.all.map(\.mistake) + FlawedKernel.all.map(\.mistake)
    #expect(Set(made) == Set(Mistakes.all.map(\.name)))
    #expect(Mistakes.all.count >= 60 && FlawedKernel.all.count >= 90)
  }

  @Test func `tells the ε of a clipping`() async throws {
    let wrong = try #require(
      WrongLoss.all.first { $0.mistake == "clipped-at-epsilon" && $0.function == .crossEntropy })
    let result = try await result(wrong.subject, .crossEntropy, in: .float32)
    #expect(result.diagnoses.first?.detail == "ε ≈ 1e-07")
  }

  // As Optax and Keras are called: the loss of smoothed labels, times the weight of each row's class.
  @Test func `tells of the label's weight on all terms of a smoothed loss`() async throws {
    let weights: [Float] = [1, 2, 0.5]
    let subject = BatchSubject { rows, targets in
      zip(rows, targets).map { x, t in
        let y = WrongLoss.oneHot(t, 3).map { 0.9 * $0 + 0.1 / 3 }
        return [-weights[Int(t)] * zip(y, WrongLoss.logSoftmax(x)).map { $0 * $1 }.reduce(0, +)]
      }
    }
    let result = try await result(
      subject, .crossEntropy, in: .float32,
      options: #"{"class_weights": [1, 2, 0.5], "label_smoothing": 0.1}"#, classCounts: 3...3)
    #expect(result.diagnoses.first?.mistake.name == "weights-misplaced")
    #expect(result.diagnoses.first?.detail?.contains("smoothed") == true)
  }

  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `accuses no right implementation, and of the others only what they do`(
    _ format: FloatFormat
  ) async throws {
    let known: [String: Set<String>] = [
      "naive": ["log-of-probability", "missing-max-shift", "nan-from-mask"],
      "log-of-softmax": ["log-of-probability"],
      // Of a masked class the product of its probability and its logarithm is NaN.
      "log-softmax": ["nan-from-mask"],
      // Of few bits it is the probability's rounding that shows.
      "clipped": ["clipped-at-epsilon", "log-of-probability"],
      "clamped": ["log-clamped-at-100", "log-of-probability"],
      "unshifted": ["missing-max-shift"], "log-sum-exp-unshifted": ["missing-max-shift"],
      "shifted-log": ["missing-max-shift", "log-of-probability"],
      "log1p-target": ["missing-max-shift", "log-of-probability"],
      "naive-chain": ["chain-rule-through-p"], "shifted-chain": ["chain-rule-through-p"],
      "clamped-chain": ["chain-rule-through-p"],
      "threshold-20": ["softplus-cut-off"], "log-sum-exp": ["maximum-added-back"],
      "division-free": ["maximum-added-back"], "exp-difference": ["maximum-added-back"],
    ]
    // These compute in their own format: they do add up, and round probabilities, in 16 bits.
    let narrow: Set<String> =
      format.precision < 16 ? ["16-bit-accumulation", "probability-in-16-bits"] : []
    let plain = Implementations.all.filter { $0.options(classCount: 3) == LossOptions() }
    // Few of them in each format, others by another seed; `LOSS_ORACLE_CASES` asks for all.
    let step = TestSeed.count(0) > 0 ? 1 : 29
    let first = (format.precision + Int(TestSeed.current % 29)) % step
    for implementation in plain[first...].enumerated().filter({ $0.offset % step == 0 }).map(
      \.element)
    {
      let result = try await result(
        ImplementationSubject(implementation), implementation.function, in: format)
      let named = Set(result.diagnoses.first.map { [$0.mistake.name] } ?? [])
      let allowed = known[implementation.name] ?? []
      #expect(
        named.isSubset(of: allowed.union(narrow)),
        "\(implementation.function) \(implementation.name): \(result.diagnoses.map(\.text))")
    }
  }
}
