import Cases
import FloatFormats
import LossFunctions
import Losses
import Multiprecision
import Reference
import TestSupport
import Testing
import Verification

/// What the practical forms of probabilities, and of gradients with an upstream, say of their errors.
@Suite struct `Practical forms beside the logits` {
  private static func form(_ function: LossFunction, _ name: String) throws -> any Implementation {
    try #require(Implementations.all.first { $0.function == function && $0.name == name })
  }

  private static func float(_ value: Double) -> FloatValue {
    FloatFormat.float32.rounded(FloatValue(value), .nearestEven)
  }

  /// The greatest error of each family that has cases, in ulps.
  private static func errors(
    _ form: any Implementation, _ format: FloatFormat, count: Int = 400
  ) async throws -> [(family: String, ulps: Double)] {
    let plan = VerificationPlan(
      implementations: [form], formats: [format], families: Families.random, caseCount: count,
      classCount: 7, seed: TestSeed.current)
    return try await plan.run(threadCount: 2) { _, _ in }.map {
      ($0.cell.family.name, $0.statistics.maximumULPs)
    }
  }

  @Test(
    arguments: [
      (LossFunction.binaryCrossEntropy, "p-practical", 4.0),
      (.binaryCrossEntropy, "log-p-practical", 6), (.crossEntropy, "p-practical", 4),
      (.crossEntropy, "log-p-practical", 4), (.binaryCrossEntropyGradient, "p-practical", 5),
      (.crossEntropyGradient, "p-practical", 0.5), (.crossEntropyGradient, "log-p-practical", 0.5),
    ], [FloatFormat.float32, .bfloat16, .float64])
  func `of probabilities are within so many ulps, hard and soft targets alike`(
    _ expected: (function: LossFunction, name: String, ulps: Double), _ format: FloatFormat
  ) async throws {
    let form = try Self.form(expected.function, expected.name)
    let errors = try await Self.errors(form, format)
    #expect(errors.count > 8)
    for (family, ulps) in errors {
      #expect(ulps <= expected.ulps * (1 + 0x1p-10), "\(form.name), \(format), \(family)")
    }
  }

  @Test func `of one probability lose nothing where targets are near it, as quotients do`() throws {
    let form = try Self.form(.binaryCrossEntropyGradient, "p-practical")
    let quotients = try Self.form(.binaryCrossEntropyGradient, "p-quotients")
    let p = 0.7, y = 0.7 + 0x1p-20
    let input = LossInput(
      logits: [Self.float(p)], target: .probabilities([Self.float(y)]))
    let options = form.options(classCount: 1)
    let exact = try Reference().evaluate(
      .binaryCrossEntropyGradient, input, options: options, in: .float32)[0]
    func ulps(_ form: any Implementation) throws -> Double {
      exact.error(of: try #require(form.evaluate(input, in: .float32))[0]).ulps
    }
    #expect(try ulps(form) < 4)
    #expect(try ulps(quotients) > 1000)
  }

  @Test func `of a logarithm are off by what they say where soft targets are near it`() throws {
    let form = try Self.form(.binaryCrossEntropyGradient, "log-p-practical")
    let options = form.options(classCount: 1)
    for step in 1...40 {
      let l = Double(step) * -0x1p-12
      let input = LossInput(
        logits: [FloatValue(l)], target: .probabilities([Self.float(1 + l)]))
      let exact = try Reference().evaluate(
        .binaryCrossEntropyGradient, input, options: options, in: .float64)[0].value.double
      let value = try #require(form.evaluate(input, in: .float32))[0].double
      #expect((value - exact).magnitude <= 0x1p-24 * (1.1 + 3.2 * exact.magnitude), "\(l)")
    }
  }

  @Test(arguments: [LossFunction.binaryCrossEntropyGradient, .crossEntropyGradient])
  func `of labels with an upstream keep the digits of what underflows before it`(
    _ function: LossFunction
  ) throws {
    let form = try Self.form(function, "practical-upstream")
    let fused = try Self.form(function, "fused-upstream")
    var worst = (own: 0.0, fused: 0.0)
    for z in stride(from: -104.0, to: 104, by: 0.75) {
      for (label, g) in [(0, 0x1p90), (1, 0x1p90), (0, -3), (1, 0.1)] {
        let number = Self.float(g)
        let input =
          function.isBinary
          ? LossInput(
            logits: [FloatValue(z)], target: .probabilities([FloatValue(Double(label))]),
            gradOutput: [number])
          : LossInput(
            logits: [FloatValue(z), FloatValue(0), FloatValue(-1.5)], target: .index(label),
            gradOutput: [number])
        let exact = try Reference().evaluate(
          function, input, options: form.options(classCount: 3), in: .float32)
        for (form, isOwn) in [(form, true), (fused, false)] {
          let outputs = try #require(form.evaluate(input, in: .float32))
          for (output, value) in zip(outputs, exact) {
            let ulps = value.error(of: output).ulps
            if isOwn {
              worst.own = max(worst.own, ulps)
            } else {
              worst.fused = max(worst.fused, ulps)
            }
          }
        }
      }
    }
    #expect(worst.own <= 10, "\(worst)")
    #expect(worst.fused > 1000, "\(worst)")
  }
}
