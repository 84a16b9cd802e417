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

  @Test func `leaves out what the oracle cannot decide, and counts it`() async throws {
    let rows = try await rows(family: "bit-pattern", .float64) { $0.name == "focal" }
    #expect(!rows.isEmpty)
    #expect(rows.contains { $0.statistics.undecidedCount > 0 })
    for row in rows { #expect(row.statistics.caseCount + row.statistics.undecidedCount == 100) }
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
