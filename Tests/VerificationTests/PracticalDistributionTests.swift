import Cases
import FloatFormats
import LossFunctions
import Losses
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `The practical forms of distributions, shards and gradients with an upstream` {
  private static let formats: [FloatFormat] = [.float16, .bfloat16, .float32, .float64]
  private static let families = Families.random + [.shards, .maskedTargetLogits]
  /// What has no difference that cancels, and the ulps that its comment derives.
  private static let bounds: [(LossFunction, Double)] = [
    (.sigmoidGradient, 6), (.logSigmoidGradient, 4), (.softplusGradient, 4),
    (.logSumExpGradient, 10), (.shardPartials, 3), (.mergedCrossEntropy, 6), (.entropy, 10),
    (.klDivergence, 10), (.jsDivergence, 12),
  ]

  private static func practical(_ function: LossFunction) -> (any Implementation)? {
    Implementations.all.first { $0.function == function && $0.name == "practical" }
  }

  /// Calls `body` with rows of all families, what a form gives for them, and the exact values.
  private static func forEachRow(
    _ form: any Implementation, _ format: FloatFormat,
    _ body: (_ family: Family, _ input: LossInput, [FloatValue], [CertifiedValue]) -> Void
  ) throws {
    let shape = CaseShape(function: form.function, format: format, classCount: 7)
    for family in families where family.suits(shape) && family.caseCount(shape) == nil {
      for index in 0..<TestSeed.count(4) {
        let input = family.input(shape, seed: TestSeed.current, index: index)
        // No theorem settles all of them: what is left open is no row of theirs.
        guard let exact = try? Reference().evaluate(form.function, input, in: format) else {
          continue
        }
        body(family, input, try #require(form.evaluate(input, in: format)), exact)
      }
    }
  }

  @Test func `are there for every function of logits`() {
    for function in LossFunction.allCases {
      #expect(Self.practical(function) != nil, "\(function)")
    }
  }

  @Test(arguments: formats)
  func `are within a few ulps, whatever the row`(format: FloatFormat) throws {
    for (function, bound) in Self.bounds {
      let form = try #require(Self.practical(function))
      try Self.forEachRow(form, format) { family, input, outputs, exact in
        #expect(outputs.count == exact.count)
        for (output, value) in zip(outputs, exact) {
          let ulps = value.error(of: output).ulps
          #expect(
            ulps < bound, "\(function) \(family.name) \(input.logits) \(input.target): \(output)")
        }
      }
    }
  }

  /// What is 0 for one class by chance has the roundings of what it is a difference of.
  @Test(arguments: formats)
  func `of gradients lose a few roundings of the greatest number of a row`(format: FloatFormat)
    throws
  {
    let functions: [LossFunction] = [
      .entropyGradient, .softmaxGradient, .klDivergenceGradient, .jsDivergenceGradient,
    ]
    let roundoff = Double(sign: .plus, exponent: -format.precision, significand: 1)
    for function in functions {
      let form = try #require(Self.practical(function))
      try Self.forEachRow(form, format) { family, input, outputs, exact in
        let errors = zip(outputs, exact).map { output, value in
          value.error(of: output).ulps
            * Double(sign: .plus, exponent: value.ulpExponent, significand: 1)
        }
        let greatest = exact.compactMap { $0.approximation?.double.magnitude }.max() ?? 0
        let least = 2 * roundoff * format.leastNormal.double
        for error in errors where greatest.isFinite {
          #expect(
            error <= 256 * (roundoff * greatest + least),
            "\(function) \(family.name) \(input.logits) \(input.target) \(input.gradOutput)")
        }
      }
    }
  }

  @Test func `keep the divergence of rows that are nearly equal`() throws {
    // The common form's 2.9e−8 is the rounding of two logarithms.
    let (x, y): ([Float], [Float]) = ([0.0253, 0.0036], [0.02530001, 0.0036000002])
    let input = LossInput(
      logits: x.map { FloatValue($0) }, target: .logits(y.map { FloatValue($0) }))
    for function in [LossFunction.klDivergence, .jsDivergence] {
      let exact = try Reference().evaluate(function, input, in: .float32)[0]
      let common = try #require(Implementations.common(function)?.evaluate(input, in: .float32))
      #expect(exact.error(of: common[0]).ulps > 1e6)
      let form = try #require(Self.practical(function)?.evaluate(input, in: .float32))
      #expect(exact.error(of: form[0]).ulps < 4)
    }
  }

  @Test func `keep the entropy of a class that leads`() throws {
    let input = LossInput(logits: [50, 0, 0].map { FloatValue(Double($0)) })
    let exact = try Reference().evaluate(.entropy, input, in: .float32)[0]
    let common = try #require(Implementations.common(.entropy)?.evaluate(input, in: .float32))
    #expect(exact.error(of: common[0]).ulps > 1e5)
    let form = try #require(Self.practical(.entropy)?.evaluate(input, in: .float32))
    #expect(exact.error(of: form[0]).ulps < 3)
  }

  @Test func `take what is masked in one row or both`() throws {
    let absent = FloatValue.infinity(isNegative: true)
    let rows: [[FloatValue]] = [
      [.one, absent, .zero], [absent, absent, .one], [.zero, .one, .zero],
    ]
    for function in LossFunction.allCases where function.comparesLogits {
      let form = try #require(Self.practical(function))
      for (x, y) in rows.flatMap({ x in rows.map { (x, $0) } }) {
        let input = LossInput(logits: x, target: .logits(y))
        let exact = try Reference().evaluate(function, input, in: .float32)
        let outputs = try #require(form.evaluate(input, in: .float32))
        for (output, value) in zip(outputs, exact) {
          let ulps = value.error(of: output).ulps
          #expect(ulps < 8, "\(function) \(x) \(y): \(output), not \(value.value)")
        }
      }
    }
  }
}
