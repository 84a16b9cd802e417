import Cases
import FloatFormats
import LossFunctions
import Losses
import Testing
import Verification

@Suite struct `Verification with options` {
  /// The smoothed and the weighted loss differ by far more from the plain one.
  @Test func `holds each implementation against the function with its own options`() async throws {
    let rows = try await rows(family: "normal") {
      $0.options(classCount: 10) != LossOptions() && $0.isExactFormula
    }
    #expect(Set(rows.map(\.implementation.name)).count >= 6)
    for row in rows {
      let allowed = row.implementation.name.contains("focal") ? 1000.0 : 200
      #expect(row.statistics.meanULPs < allowed, "\(row.implementation.name)")
    }
  }

  /// The tail of every fourth case is 0 but for terms beyond any precision, and its head is a midpoint.
  @Test func `leaves out what the oracle cannot decide, and counts it`() async throws {
    let family = Family(
      name: "open", purpose: "values that are not decided", suits: { $0 == .binaryCrossEntropy },
      count: 100
    ) { _, index in
      let logit = 4096 + Double(index % 4)
      return LossInput(
        logits: [FloatValue(logit)], target: .probabilities([FloatValue(0.5 - 0x1p-14)]))
    }
    let plan = VerificationPlan(
      implementations: [BalancedFocalLoss()], formats: [.float64], families: [family],
      caseCount: 100, classCount: 1, seed: 1)
    let rows = try await plan.run(threadCount: 2) { _, _ in }
    #expect(rows.map(\.statistics.undecidedCount) == [25])
    #expect(rows.map(\.statistics.caseCount) == [75])
  }

  private func rows(
    family: String, _ format: FloatFormat = .float32,
    where isIncluded: (any Implementation) -> Bool
  ) async throws -> [VerificationRow] {
    let plan = VerificationPlan(
      implementations: Implementations.all.filter(isIncluded), formats: [format],
      families: Families.random.filter { $0.name == family }, caseCount: 100, classCount: 10,
      seed: 1)
    return try await plan.run(threadCount: 2) { _, _ in }
  }
}

/// The focal loss with γ = 2 and α = ¼.
private struct BalancedFocalLoss: BinaryAlgorithm {
  var name: String { "balanced-focal" }
  let function = LossFunction.binaryCrossEntropy
  var formula: String { "(y/4 + 3(1 - y)/4) (1 - p_t)^2 loss(z, y)" }
  var source: String { "these tests" }

  func options(classCount: Int) -> LossOptions {
    var options = LossOptions()
    options.focalGamma = FloatValue(2.0)
    options.focalAlpha = FloatValue(0.25)
    return options
  }

  func value<T: LossNumber>(logit z: T, target y: T) -> T {
    (y + 3 * (1 - y)) / 4 * FocalBinaryCrossEntropy().value(logit: z, target: y)
  }
}
