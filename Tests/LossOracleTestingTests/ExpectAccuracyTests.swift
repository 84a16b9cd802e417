import Foundation
import LossOracle
import LossOracleTesting
import TestSupport
import Testing

@Suite struct `A loss of one's own` {
  @Test func `passes within its claim`() async throws {
    let loss = LossUnderTest.softplus { (z: Double) in
      StableSoftplus().value(logit: z, target: 0)
    }
    let report = try await expectAccuracy(of: loss, AccuracyCheck(within: 2, caseCount: 100))
    #expect(try #require(report.worst).ulps > 0.5)
  }

  @Test func `beyond its claim is an issue with the shrunk case`() async throws {
    try await withKnownIssue {
      try await expectAccuracy(of: Self.overflowing, AccuracyCheck(within: 4, caseCount: 20))
    } matching: { issue in
      issue.comments.contains { $0.rawValue.contains("non-finite") }
    }
  }

  @Test func `beyond its claim is an error for XCTest`() async throws {
    let error = await #expect(throws: InaccurateLoss.self) {
      try await requireAccuracy(of: Self.overflowing, AccuracyCheck(within: 4, caseCount: 20))
    }
    let finding = try #require(error?.report.findings.first { $0.failure.kind == .nonFinite })
    #expect(finding.shrunk.logits.count <= 2)
    #expect(error?.description.contains(finding.shrunk.logits[0].hexadecimal) == true)
  }

  @Test func `is tried on its own witnesses first`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let check = AccuracyCheck(within: 4, caseCount: 20, witnesses: folder)
    let first = try await check.report(on: Self.overflowing)
    #expect(first.stages.first?.name != "known" && !first.hasPassed)
    let again = try await check.report(on: Self.overflowing)
    #expect(again.findings.first?.stage == "known")
  }

  @Test func `may be a gradient with a number for each row`() async throws {
    var options = LossOptions()
    options.gradOutput = .row
    func gradient(_ multiplies: Bool) -> LossUnderTest {
      LossUnderTest.row(of: .binaryCrossEntropyGradient, options: options) { (row: Row<Double>) in
        let (z, y) = (row.logits[0], row.probabilities?.first ?? 0)
        let values = BothLabelsBinaryCrossEntropyGradient().value(logit: z, target: y)
        return [multiplies ? values * row.gradOutput[0] : values]
      }
    }
    let check = AccuracyCheck(within: 1e9, caseCount: 20)
    #expect(try await check.report(on: gradient(true)).hasPassed)
    #expect(try await !check.report(on: gradient(false)).hasPassed)
  }

  @Test func `may leave out rows that its claim is not about`() async throws {
    let loss = LossUnderTest.sigmoid { (z: Float) in
      guard z.magnitude < 10 else { throw UnsupportedCase("large logits") }
      return TwoCaseSigmoid().value(logit: z, target: 0)
    }
    let report = try await requireAccuracy(of: loss, AccuracyCheck(within: 4, caseCount: 20))
    #expect(report.abstentions["large logits", default: 0] > 0)
  }

  @Test func `of probabilities is given one-hot rows for labels`() async throws {
    let loss = LossUnderTest.crossEntropy { (x: [Double], y: [Double]) in
      let label = try #require(y.firstIndex(of: 1))
      return LogitsCrossEntropy().outputs(logits: x, label: label)[0]
    }
    let check = AccuracyCheck(within: 4, families: [.uniform], caseCount: 20)
    let report = try await check.report(on: loss)
    #expect(!report.findings.contains { $0.failure.kind == .crash })
  }

  /// e^z overflows at 89.
  private static var overflowing: LossUnderTest {
    .crossEntropy { (x: [Float], label: Int) in
      UnshiftedLogSumExp().outputs(logits: x, label: 0)[0] - x[label]
    }
  }
}
