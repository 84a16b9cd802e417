import Cases
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Losses
import RecordedBounds
import TestSupport
import Testing
import Verification

@Suite struct `The recorded bounds` {
  private let bounds: BoundsFile?

  init() throws {
    let folder = TestPaths.package.appending(path: "Fixtures/bounds")
    let file = folder.appending(path: "\(Platform.current.name).jsonl")
    guard FileManager.default.fileExists(atPath: file.path) else {
      bounds = nil
      Issue.record(
        "no bounds are recorded for \(Platform.current.name); record them with tools/record-bounds",
        severity: .warning)
      return
    }
    bounds = try BoundsFile(contentsOf: file)
  }

  @Test func `have witnesses that give their values again, to the bit, and their errors`() throws {
    for record in bounds?.records ?? [] {
      let (implementation, shape) = try Self.resolve(record.key)
      guard let worst = record.worst, let input = worst.input else { continue }
      let outputs = try #require(implementation.evaluate(input, in: shape.format))
      let observed = try #require(implementation.worstError(input, shape))
      #expect(outputs[worst.output].hexadecimal == worst.computed, "\(record.key)")
      #expect(observed.exact.hexadecimal == worst.exact, "\(record.key)")
      // Errors are measured to within 2⁻¹⁵ ulp.
      let recorded = try #require(record.maximumULPs)
      #expect(
        (observed.ulps - recorded).magnitude <= 0x1p-14 + 0x1p-50 * recorded, "\(record.key)")
    }
  }

  @Test func `hold on fresh cases`() async throws {
    let recorded = Dictionary(uniqueKeysWithValues: (bounds?.records ?? []).map { ($0.key, $0) })
    guard !recorded.isEmpty else { return }
    let plan = VerificationPlan(
      implementations: Implementations.all, formats: LossScalars.all.map { $0.format },
      families: Families.random, caseCount: TestSeed.count(3), classCount: 10,
      seed: TestSeed.current)
    for row in try await plan.run(threadCount: 2, progress: { _, _ in }) {
      let key = BoundRecord.Key(row)
      let record = try #require(
        recorded[key], "\(key) has no recorded bound: run tools/record-bounds")
      let statistics = row.statistics
      if record.nonFinite == 0 { #expect(statistics.nonFiniteCount == 0, "\(key)") }
      if let bound = record.boundULPs, let worst = statistics.worst {
        #expect(
          worst.ulps <= bound,
          """
          \(key): \(worst.line(in: row.cell.shape.format)), \(worst.ulps) ulp; case \
          \(worst.index) of seed \(plan.seed)
          """)
      }
    }
  }

  private static func resolve(
    _ key: BoundRecord.Key
  ) throws -> (implementation: any Implementation, shape: CaseShape) {
    let implementation = try #require(
      Implementations.all.first {
        $0.name == key.implementation && $0.function.rawValue == key.function
      }, "\(key) is recorded but not built in: run tools/record-bounds")
    let format = try #require(FloatFormat(named: key.format))
    return (
      implementation,
      CaseShape(function: implementation.function, format: format, classCount: 10)
    )
  }
}
