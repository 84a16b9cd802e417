import Cases
import FloatFormats
import LossFunctions
import Losses
import PropertyEngine
import Reference
import TestSupport
import Testing

@Suite struct `A property` {
  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64, .float8E5M2])
  func `holds of correctly rounded values, without any allowance`(
    _ format: FloatFormat
  ) async throws {
    for property in Properties.all {
      for function in LossFunction.allCases where property.functions.contains(function) {
        let claim = PropertyClaim(
          property, of: exact(function, in: format), computing: function, in: format,
          accuracy: .correctlyRounded)
        let report = try await Trial(
          claim, TrialPlan(caseCount: TestSeed.count(2), searchCount: 0, seed: TestSeed.current)
        ).run()
        let text = report.findings.first.map {
          $0.text(
            of: function, refuting: claim.statement, seed: TestSeed.current, replay: "")
        }
        #expect(report.hasPassed, "\(property.name): \(text ?? "")")
      }
    }
  }

  @Test(arguments: BrokenRelation.all)
  func `is found violated by what breaks it`(_ broken: BrokenRelation) async throws {
    let property = try #require(Properties.all.first { $0.name == broken.property })
    let claim = PropertyClaim(
      property, of: broken.subject, computing: broken.function, in: .float32,
      accuracy: .within(ulps: 4))
    let report = try await Trial(
      claim, TrialPlan(caseCount: 50, searchCount: 0, seed: TestSeed.current)
    ).run()
    let finding = try #require(report.findings.first)
    #expect(finding.failure.kind == property.failureKind)
    #expect(finding.shrunk.logits.count <= 3)
  }

  @Test func `of every name is broken by one of these`() {
    #expect(Set(Properties.all.map(\.name)) == Set(BrokenRelation.all.map(\.property)))
  }

  @Test(arguments: [FloatFormat.float16, .float32])
  func `of pairs holds of correctly rounded values, and not of others`(
    _ format: FloatFormat
  ) async throws {
    var smoothing = LossOptions()
    smoothing.labelSmoothing = FloatValue(0.25)
    let pairs: [(Property, LossFunction, CombinedSubject, CombinedSubject)] =
      [
        (.binaryCrossEntropy, .crossEntropy), (.binaryCrossEntropyGradient, .crossEntropyGradient),
      ].map { (binary: LossFunction, categorical: LossFunction) in
        func pair(_ second: some Subject) -> CombinedSubject {
          CombinedSubject(exact(binary, in: format), second) { $0.logits.count == 2 ? $0 : nil }
        }
        return (
          .twoClass, binary, pair(exact(categorical, in: format)),
          pair(exact(categorical, in: format, negated: true))
        )
      }
      + [false, true].map { isUniform in
        // The ends the other way round: the plain loss of another label.
        func pair(_ first: some Subject) -> CombinedSubject {
          CombinedSubject(first, exact(.crossEntropy, in: format)) { $0.withHardLabel }
        }
        let options = isUniform ? smoothing : LossOptions()
        return (
          .smoothingBetween, .crossEntropy, pair(exact(.crossEntropy, in: format, options)),
          pair(exact(.crossEntropy, in: format, options, negated: true))
        )
      }
    for (property, function, right, wrong) in pairs {
      for (subject, holds) in [(right, true), (wrong, false)] {
        let claim = PropertyClaim(
          property, of: subject, computing: function, in: format,
          accuracy: holds ? .correctlyRounded : .within(ulps: 4))
        let report = try await Trial(
          claim, TrialPlan(caseCount: TestSeed.count(5), searchCount: 0, seed: TestSeed.current)
        ).run()
        #expect(report.hasPassed == holds, "\(property.name) \(function)")
      }
    }
  }

  private func exact(
    _ function: LossFunction, in format: FloatFormat, _ options: LossOptions = LossOptions(),
    negated: Bool = false
  ) -> ClosureSubject {
    ClosureSubject { input in
      let values = try Reference().evaluate(function, input, options: options, in: format)
      return values.map { negated ? $0.value.negated : $0.value }
    }
  }
}
