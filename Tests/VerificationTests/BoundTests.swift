import Cases
import FloatFormats
import LossFunctions
import Losses
import Reference
import TestSupport
import Testing

@testable import Verification

@Suite struct `A-priori error bounds` {
  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `are not exceeded on any case of any family`(_ format: FloatFormat) async throws {
    let plan = VerificationPlan(
      implementations: Implementations.all, formats: [format], families: Families.random,
      caseCount: TestSeed.count(2), classCount: 10, seed: TestSeed.current)
    for row in try await plan.run(threadCount: 2, progress: { _, _ in }) {
      let bounds = row.statistics.bounds
      #expect(
        bounds.exceededCount == 0,
        """
        \(row.implementation.name) \(row.cell.shape.function) \(row.cell.family.name): \
        \(bounds.largestRatio ?? 0) of the bound, \(bounds.nearest?.line(in: format) ?? "")
        """)
    }
  }

  @Test func `are not exceeded on a thousand classes`() async throws {
    let plan = VerificationPlan(
      implementations: Implementations.all.filter { !$0.function.isBinary }, formats: [.float32],
      families: [.sorted], caseCount: 1, classCount: 1000, seed: TestSeed.current)
    for row in try await plan.run(threadCount: 2, progress: { _, _ in }) {
      #expect(row.statistics.bounds.exceededCount == 0, "\(row.implementation.name)")
    }
  }

  @Test(arguments: [
    ("two-case", LossFunction.sigmoid, 0.3), ("stable", .softplus, 0.2),
    ("logits", .binaryCrossEntropy, 0.2), ("shifted", .logSumExp, 0.1),
    ("shifted", .softmax, 0.1), ("logits", .crossEntropy, 0.1),
  ])
  func `of stable forms are of the size of the errors`(
    _ name: String, _ function: LossFunction, _ share: Double
  ) async throws {
    let plan = VerificationPlan(
      implementations: Implementations.all.filter { $0.name == name && $0.function == function },
      formats: [.float32], families: [.normal], caseCount: 300, classCount: 5,
      seed: TestSeed.current)
    let row = try #require(try await plan.run(threadCount: 2) { _, _ in }.first)
    let bounds = row.statistics.bounds
    #expect(bounds.unboundedCount == 0)
    #expect(try #require(bounds.largestRatio) > share)
  }

  @Test func `are infinite just where the unshifted sum may overflow`() throws {
    for (logit, isBounded) in [(88.0, true), (89.0, false), (-103.0, true)] {
      let input = LossInput(logits: [FloatValue(logit), .zero])
      let bounds = try #require(UnshiftedLogSumExp().errorBounds(input, in: .float32))
      #expect(bounds[0].isFinite == isBounded, "\(logit)")
    }
  }

  @Test func `are exceeded by code that does not compute its formula`() throws {
    let (input, exact) = try Self.row()
    let algorithm = LogitsCrossEntropy()
    let bounds = try #require(algorithm.errorBounds(input, in: .float32))
    let right = try #require(algorithm.evaluate(input, in: .float32))
    // The sum accumulated in bfloat16.
    let wrong = try #require(algorithm.evaluate(input, in: .bfloat16))
    for (outputs, count) in [(right, 0), (wrong, 1)] {
      var statistics = ErrorTally()
      statistics.observe(index: 0, input, computed: outputs, exact: exact, bounds: bounds)
      #expect(statistics.bounds.exceededCount == count)
    }
  }

  @Test func `are exceeded by little as by much`() {
    var bounds = BoundStatistics()
    // An error is known to within 2⁻¹⁵ ulp.
    for (ulps, count) in [(1, 0), (1 + 0x1p-15, 0), (1 + 0x1p-12, 1), (2, 2)] {
      _ = bounds.observe(ulps, bound: 1)
      #expect(bounds.exceededCount == count)
    }
  }

  @Test func `do not depend on how cases are grouped`() throws {
    let (input, exact) = try Self.row()
    let outputs = try #require(LogitsCrossEntropy().evaluate(input, in: .float32))
    var (first, second, both) = (ErrorTally(), ErrorTally(), ErrorTally())
    for (index, bound) in [1e-6, 1e-8, .infinity].enumerated() {
      both.observe(index: index, input, computed: outputs, exact: exact, bounds: [bound])
      if index == 0 {
        first.observe(index: index, input, computed: outputs, exact: exact, bounds: [bound])
      } else {
        second.observe(index: index, input, computed: outputs, exact: exact, bounds: [bound])
      }
    }
    first.merge(second)
    #expect(first == both)
    #expect(both.bounds.boundedCount == 2 && both.bounds.unboundedCount == 1)
  }

  private static func row() throws -> (LossInput, [CertifiedValue]) {
    let logits = [1.25, -0.5, 0.375, 2.75].map { FloatValue($0) }
    let input = LossInput(logits: logits, target: .index(2))
    return (input, try Reference().evaluate(.crossEntropy, input, in: .float32))
  }
}
