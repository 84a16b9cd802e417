import Foundation
import LossOracle
import LossOracleTesting
import TestSupport
import Testing

@Suite struct `A batch's loss of one's own` {
  private static func losses(_ logits: [[Float]], _ labels: [Int]) -> [Float] {
    zip(logits, labels).map { LogitsCrossEntropy().outputs(logits: $0, label: $1)[0] }
  }

  private static func mean(
    _ divisor: @escaping @Sendable ([Float]) -> Float
  ) -> BatchLossUnderTest {
    .crossEntropy(.mean) { (logits: [[Float]], labels: [Int]) in
      let losses = losses(logits, labels)
      return losses.reduce(0, +) / divisor(losses)
    }
  }

  @Test func `passes where it is right, and the worst batch is told`() async throws {
    let result = try await requireAccuracy(
      of: Self.mean { Float($0.count) }, AccuracyCheck(caseCount: 60))
    #expect(try #require(result.worst).ulps ?? 0 > 0.5)
    #expect(result.stages.contains { $0.name == "search" && $0.batchCount > 0 })
  }

  @Test func `says what it was divided by, and is tried on its own witnesses first`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let check = AccuracyCheck(caseCount: 60, witnesses: folder)
    let error = await #expect(throws: InaccurateBatchLoss.self) {
      try await requireAccuracy(of: Self.mean { _ in 1 }, check)
    }
    #expect(error?.description.contains("divided by nothing") == true)
    let again = try await check.report(on: Self.mean { _ in 1 })
    #expect(again.stages.first?.name == "known" && again.known.values.allSatisfy { $0 })
  }

  @Test func `may be a gradient by the mean`() async throws {
    for isScaled in [true, false] {
      let loss = BatchLossUnderTest.binaryCrossEntropyGradient(.mean) {
        (logits: [Double], targets: [Double]) in
        let count = isScaled ? Double(logits.count) : 1
        return zip(logits, targets).map { z, y in
          ((z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z))) - y) / count
        }
      }
      let result = try await AccuracyCheck(claim: .common, caseCount: 40).report(on: loss)
      #expect(result.hasPassed == isScaled, "\(result.findings.map(\.message))")
    }
  }
}

@Suite struct `A loss and its gradient of one call` {
  /// The loss of logits times a factor, and the gradient of logits times another, as if by these.
  private static func joint(_ ofLoss: Double, _ ofGradient: Double) -> JointLossUnderTest {
    .crossEntropy { (logits: [Double], label: Int) in
      let scaled = logits.map { $0 * ofGradient }
      let greatest = scaled.max() ?? 0
      let sum = scaled.reduce(0) { $0 + exp($1 - greatest) }
      return (
        LogitsCrossEntropy().outputs(logits: logits.map { $0 * ofLoss }, label: label)[0],
        scaled.indices.map { exp(scaled[$0] - greatest) / sum - ($0 == label ? 1 : 0) }
      )
    }
  }

  private func verdict(_ ofLoss: Double, _ ofGradient: Double) async throws -> JointVerdict? {
    do {
      try await requireAccuracy(
        of: Self.joint(ofLoss, ofGradient), AccuracyCheck(families: [.normal], caseCount: 60))
      return nil
    } catch let error as InaccurateJointLoss {
      return error.verdict
    }
  }

  @Test func `is inconsistent where one is right and the other wrong`() async throws {
    #expect(try await verdict(1, 1) == nil)
    let gradient = try #require(try await verdict(1, 0.5))
    #expect(gradient.isConsistent == false && gradient.loss == .passed)
    #expect(gradient.text.contains("the loss is right, and the gradient is not that of it"))
    let loss = try #require(try await verdict(0.5, 1))
    #expect(loss.isConsistent == false && loss.gradient == .passed)
    #expect(loss.text.contains("another loss is given"))
  }

  @Test func `is of another loss than was asked for where both make the same mistake`() async throws
  {
    let both = try #require(try await verdict(0.5, 0.5))
    #expect(both.isConsistent == true, "\(both)")
    #expect(both.text.contains("logits-scaled"), "\(both.text)")
  }
}
