import Cases
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Losses
import RecordedBounds
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `The recorded bounds` {
  private static let folder = TestPaths.package.appending(path: "Fixtures/bounds")

  /// Those of this platform.
  private static let ofThisPlatform = Result {
    try BoundsFile(contentsOf: folder.appending(path: "\(Platform.current.name).jsonl"))
  }

  /// On any platform: what was computed elsewhere is as far off as is recorded.
  @Test func `have witnesses whose exact values and errors are right, wherever they were computed`()
    throws
  {
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.folder, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "jsonl" }
    #expect(!files.isEmpty)
    // Of thousands some; another seed takes others.
    for file in files {
      // That of this platform is read already.
      let isOwn = file.deletingPathExtension().lastPathComponent == Platform.current.name
      let records = try (isOwn ? Self.ofThisPlatform.get() : BoundsFile(contentsOf: file)).records
      for index in stride(from: Int(TestSeed.current % 20), to: records.count, by: 20) {
        let record = records[index]
        guard let worst = record.worst, let input = worst.input else { continue }
        let (implementation, shape) = try Self.resolve(record.key)
        let format = shape.format
        let exact = try Reference().evaluate(
          implementation.function, input,
          options: implementation.options(classCount: input.logits.count), in: format)[worst.output]
        #expect(exact.value.hexadecimal == worst.exact, "\(record.key)")
        let computed = try format.value(exactLiteral: worst.computed)
        let recorded = try #require(record.maximumULPs)
        #expect(
          (exact.error(of: computed).ulps - recorded).magnitude <= 0x1p-14 + 0x1p-50 * recorded,
          "\(record.key)")
      }
    }
  }

  @Test(.onRecordedPlatform)
  func `have witnesses that give their values again, to the bit, on the recorded platform`() throws
  {
    // Of thousands some; another seed takes others, `LOSS_ORACLE_CASES` all.
    let records = try Self.ofThisPlatform.get().records
    let step = TestSeed.count(0) > 0 ? 1 : 4
    for index in stride(from: Int(TestSeed.current) % step, to: records.count, by: step) {
      let record = records[index]
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

  /// On any platform the bounds known beforehand hold on such cases: `A-priori error bounds`.
  @Test(.onRecordedPlatform)
  func `hold on fresh cases, on the recorded platform`() async throws {
    let recorded = Dictionary(
      uniqueKeysWithValues: try Self.ofThisPlatform.get().records.map { ($0.key, $0) })
    // Of the families every other one; another seed takes the others, `LOSS_ORACLE_CASES` all.
    let families = BoundsRecording.families.enumerated().filter {
      TestSeed.count(0) > 0 || ($0.offset + Int(TestSeed.current % 2)).isMultiple(of: 2)
    }.map(\.element)
    let plan = VerificationPlan(
      implementations: Implementations.all, formats: LossScalars.all.map { $0.format },
      families: families, caseCount: TestSeed.count(2), classCount: 10,
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
