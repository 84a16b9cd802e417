import Cases
import Checking
import FloatFormats
import Foundation
import LossFunctions
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
      for isStepwise in [false, true] {
        var kernel = SteppedKernel(
          function, computing: .float32, outputFormat: format, options: contract.options)
        if isStepwise { kernel.before = Self.stepwise }
        let plan = TrialPlan(
          families: Families.random + Families.capped, caseCount: TestSeed.count(6),
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
