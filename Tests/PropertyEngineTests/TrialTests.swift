import Cases
import FloatFormats
import LossFunctions
import Losses
import Multiprecision
import PropertyEngine
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `A trial` {
  private static let manyClasses: [Family] =
    [.maskedBlocks] + (TestSeed.count(0) > 0 ? [.vocabularies] : [])

  @Test(arguments: Defect.all)
  func `finds a rare defect and shrinks it to few classes`(_ defect: Defect) async throws {
    let claim = AccuracyClaim(
      defect.subject, computes: defect.function, in: defect.format, within: 4)
    let report = try await Trial(
      claim, TrialPlan(caseCount: TestSeed.count(200), seed: TestSeed.current)
    ).run()
    let finding = try #require(report.findings.first)
    #expect(defect.shows(finding.shrunk))
    #expect(finding.shrunk.logits.count <= 3)
  }

  /// A mask that is one block long. `LOSS_ORACLE_CASES` asks for vocabularies, too, and a label in 16 bits.
  @Test(arguments: manyClasses)
  func `shrinks what takes many classes to a row that is read at a glance`(
    _ family: Family
  ) async throws {
    let isOfLabels = family.name == Family.vocabularies.name
    let subject = ClosureSubject { input in
      guard case .index(let label) = input.target else { return [] }
      var wrong = input
      if isOfLabels {
        wrong.target = .index(label & 0xFFFF)
      } else if input.logits.count > 1024, input.logits[..<1024].allSatisfy({ $0.double < -9000 }) {
        return [.nan]
      }
      return try Reference().evaluate(.crossEntropy, wrong, in: .float32).map(\.value)
    }
    let trial = Trial(
      AccuracyClaim(subject, computes: .crossEntropy, in: .float32, within: 1),
      TrialPlan(families: [family], caseCount: 400, searchCount: 0, seed: TestSeed.current))
    let finding = try #require(try await trial.run().findings.first)
    let record = WitnessRecord(finding, of: .crossEntropy, subject: "", origin: "")
    #expect(
      record.logits.count <= 6,
      "\(finding.text(of: .crossEntropy, refuting: "", seed: 1, replay: ""))")
    #expect(try record.input() == finding.shrunk)
  }

  @Test func `comes to the same report again`() async throws {
    let claim = claim("logits", within: 2)
    let trial = Trial(
      claim, TrialPlan(families: [.normal, .confident], caseCount: 100, seed: TestSeed.current))
    let (first, second) = (try await trial.run(), try await trial.run())
    #expect(first.stages.map(\.statistics) == second.stages.map(\.statistics))
    #expect(first.findings.map(\.shrunk) == second.findings.map(\.shrunk))
    #expect(!first.findings.isEmpty)
  }

  @Test func `climbs beyond the errors of random cases`() async throws {
    let subject = ImplementationSubject(StableSoftplus())
    let claim = AccuracyClaim(subject, computes: .softplus, in: .float32, within: .infinity)
    let report = try await Trial(
      claim,
      TrialPlan(families: [.uniform], caseCount: 200, searchCount: 1000, seed: TestSeed.current)
    ).run()
    let errors = report.stages.map { $0.statistics.maximumULPs }
    #expect(report.stages.map(\.name) == ["uniform", "search"])
    #expect(errors[1] > errors[0], "\(errors)")
  }

  @Test func `climbs step by step to where the error is largest`() async throws {
    // Each bit that agrees with those of the summit adds an ulp: no single change gets far.
    let summit = FloatFormat.float32.encode(FloatValue(Float(2.718_281_7))) ?? 0
    let subject = ClosureSubject { input in
      let exact = try Reference().evaluate(.sigmoid, input, in: .float32)[0].value
      let bits = FloatFormat.float32.encode(input.logits[0]) ?? 0
      let agreeing = 32 - (bits ^ summit).nonzeroBitCount
      return [(0..<agreeing).reduce(exact) { value, _ in FloatFormat.float32.nextUp(value) }]
    }
    let claim = AccuracyClaim(subject, computes: .sigmoid, in: .float32, within: .infinity)
    let report = try await Trial(
      claim,
      TrialPlan(families: [.uniform], caseCount: 50, searchCount: 3000, seed: TestSeed.current)
    ).run()
    // The summit itself: a few changes of a random case leave some of the 32 bits wrong.
    #expect(try #require(report.stages.last).statistics.maximumULPs > 31.4)
  }

  @Test func `judges known cases first`() async throws {
    let known = LossInput(logits: [.one, .zero], target: .index(0))
    let defect = Defect(name: "x = (1, 0)", function: .crossEntropy, format: .float32) {
      $0 == known
    }
    let claim = AccuracyClaim(
      defect.subject, computes: .crossEntropy, in: .float32, within: 4)
    var trial = Trial(claim, TrialPlan(families: [.normal], caseCount: 50, seed: TestSeed.current))
    #expect(try await trial.run().hasPassed)
    trial.plan.known = [known]
    let report = try await trial.run()
    #expect(report.findings.first?.stage == "known" && report.stages.first?.name == "known")
  }

  @Test func `counts what nobody answers for`() async throws {
    let claim = AccuracyClaim(
      ImplementationSubject(StableSoftplus()), computes: .softplus,
      in: .float8E5M2, within: 4)
    let report = try await Trial(
      claim, TrialPlan(families: [.normal], caseCount: 50, searchCount: 0)
    ).run()
    #expect(report.hasPassed && report.abstentions.values.reduce(0, +) == 50)
  }

  private func claim(_ name: String, within maximumULPs: Double) -> AccuracyClaim {
    let implementation = Implementations.all.first {
      $0.name == name && $0.function == .crossEntropy
    }
    let subject = ImplementationSubject(implementation ?? LogitsCrossEntropy())
    return AccuracyClaim(subject, computes: .crossEntropy, in: .float32, within: maximumULPs)
  }
}
