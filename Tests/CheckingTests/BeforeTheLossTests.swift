import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine
import TestSupport
import Testing

@Suite struct `A check of what stands before the loss` {
  private static let options = [
    #"{"softcap": 30}"#, #"{"scale": 0.0625}"#, #"{"scale": 3, "temperature": 0.7}"#,
    #"{"softcap": 5, "scale": 0.1, "temperature": 2}"#,
  ]

  /// A kernel that rounds each logit once after it, as compilers that keep it in registers do, or one that
  /// rounds each step.
  @Test(arguments: options, [FloatFormat.float32, .bfloat16])
  func `accuses no right kernel`(_ options: String, _ format: FloatFormat) async throws {
    for function in LossFunction.allCases
    where function.gradOutputKind == .none && !function.isOfShards
      && !function.isOfDistributions
    {
      let contract = try CheckContract(function, in: format, parsing: options)
      // In 16 bits a kernel that rounds once is the nearer of the two.
      for isStepwise in format == .float32 ? [false, true] : [true] {
        var kernel = SteppedKernel(
          function, computing: .float32, outputFormat: format, options: contract.options)
        if isStepwise { kernel.before = Self.stepwise }
        let plan = TrialPlan(
          families: Families.random + Families.capped, caseCount: TestSeed.count(4),
          searchCount: 0, seed: TestSeed.current)
        let result = try await Check(kernel, named: "under test", contract, plan).run()
        #expect(
          result.report.verdict == .passed,
          "\(function): \(result.findingTexts { _ in "" }.joined(separator: "\n"))")
      }
    }
  }

  @Sendable private static func stepwise(
    _ x: Double, _ index: Int, _ options: LossOptions
  ) -> (value: Double, slope: Double) {
    func r(_ value: Double) -> Double { Double(Float(value)) }
    let scale = r(options.scale?.double ?? 1)
    var (value, slope) = (r(scale * x), scale)
    if let softcap = options.softcap.map({ r($0.double) }) {
      let tangent = r(tanh(r(value / softcap)))
      value = r(softcap * tangent)
      slope = r(scale * r(1 - r(tangent * tangent)))
    }
    return (r(value / r(options.temperature?.double ?? 1)), slope)
  }

  /// The function in `Float`, of what stands before it in `Float`: a subject that is right but for a slope.
  private static func kernel(
    _ function: LossFunction, _ options: LossOptions,
    slope: @escaping @Sendable (_ exact: Double) -> Double = { $0 }
  ) -> ClosureSubject {
    ClosureSubject(outputFormat: .float32) { input in
      func made(_ logits: [FloatValue]) -> [Float] {
        logits.enumerated().map { Float(stepwise($1.double, $0, options).value) }
      }
      var target = input.target
      if case .logits(let logits) = target {
        target = .logits(made(logits).map { FloatValue(Double($0)) })
      }
      let outputs = Kernel.outputs(
        function, made(input.logits), target, .forwards,
        gradOutput: input.gradOutput.map { Float($0.double) })
      guard function.isDerivative else { return outputs.map { FloatValue(Double($0)) } }
      let temperature = options.temperature?.double ?? 1
      return zip(outputs, input.logits).map { output, logit in
        let factor = slope(stepwise(logit.double, 0, options).slope)
        return FloatValue(Double(output * Float(factor) / Float(temperature)))
      }
    }
  }

  private static let functions = LossFunction.allCases.filter {
    [.row, .classes].contains($0.gradOutputKind) || $0.isOfDistributions || $0 == .shardPartials
  }

  @Test(arguments: functions, options)
  func `accuses no right kernel of derivatives, distributions and shards`(
    _ function: LossFunction, _ options: String
  ) async throws {
    let contract = try CheckContract(function, in: .float32, parsing: options)
    let plan = TrialPlan(
      families: Families.random + Families.capped, caseCount: TestSeed.count(3),
      searchCount: 0, seed: TestSeed.current)
    let subject = Self.kernel(function, contract.options)
    let result = try await Check(subject, named: "under test", contract, plan).run()
    #expect(
      result.report.verdict == .passed,
      "\(function): \(result.findingTexts { _ in "" }.joined(separator: "\n"))")
  }

  @Test(arguments: [(7e37, true), (1e36, false)])
  func `lets the chain rule overflow by the factor of a cap, and no further`(
    _ upstream: Double, _ passes: Bool
  ) async throws {
    // Differentiated step by step, c·tanh(x/c) multiplies by c = 30 first.
    let contract = try CheckContract(
      .logSoftmaxGradient, in: .float32, parsing: #"{"softcap": 30}"#)
    let subject = ClosureSubject(outputFormat: .float32) { _ in
      [.infinity(isNegative: true), .infinity]
    }
    let row = LossInput(
      logits: [.zero, .zero],
      gradOutput: [.one, FloatFormat.float32.rounded(FloatValue(upstream), .nearestEven)])
    let plan = TrialPlan(families: [], searchCount: 0, known: [row])
    let result = try await Check(subject, named: "under test", contract, plan).run()
    #expect(result.report.hasPassed == passes)
  }

  /// Those of two Jensen-Shannon rows take as long as all others, and stay away unless `LOSS_ORACLE_CASES` asks for all.
  @Test(
    arguments: functions.filter {
      $0.isDerivative && ($0 != .jsDivergenceGradient || TestSeed.count(0) > 0)
    })
  func `names the slope that a derivative is left without`(_ function: LossFunction) async throws {
    for (options, mistake) in [
      (#"{"softcap": 2}"#, "gradient-by-capped-logits"),
      (#"{"scale": 3}"#, "gradient-unscaled-by-scale"),
    ] {
      let contract = try CheckContract(function, in: .float32, parsing: options)
      let plan = TrialPlan(
        families: [.normal, .uniform], caseCount: 10, searchCount: 0, seed: TestSeed.current,
        shrinkingEffort: 20)
      let subject = Self.kernel(function, contract.options) { _ in 1 }
      let result = try await Check(subject, named: "under test", contract, plan).run()
      #expect(result.report.verdict == .fellShort, "\(function) \(options)")
      #expect(
        result.diagnoses.contains { $0.mistake.name == mistake },
        "\(function) \(options): \(result.diagnoses.map(\.mistake.name))")
    }
  }

  @Test func `names a soft cap that is left out of two rows`() async throws {
    let contract = try CheckContract(.klDivergence, in: .float32, parsing: #"{"softcap": 2}"#)
    let plan = TrialPlan(
      families: [.normal, .uniform], caseCount: 20, searchCount: 0, seed: TestSeed.current,
      shrinkingEffort: 100)
    let subject = Self.kernel(.klDivergence, LossOptions())
    let result = try await Check(subject, named: "under test", contract, plan).run()
    #expect(result.report.verdict == .fellShort)
    #expect(result.diagnoses.map(\.mistake.name) == ["softcap-left-out"])
  }

  @Test func `refuses a gradient without 1 − tanh², and names it`() async throws {
    let contract = try CheckContract(
      .crossEntropyGradient, in: .float32, parsing: #"{"softcap": 30}"#)
    var kernel = SteppedKernel(
      .crossEntropyGradient, computing: .float32, outputFormat: .float32,
      options: contract.options)
    kernel.before = { x, _, options in (30 * tanh(x / 30), 1) }
    let plan = TrialPlan(
      families: Families.capped, caseCount: 50, searchCount: 0, seed: TestSeed.current)
    let result = try await Check(kernel, named: "under test", contract, plan).run()
    #expect(result.report.verdict == .fellShort)
    #expect(result.diagnoses.map(\.mistake.name) == ["gradient-by-capped-logits"])
  }
}
