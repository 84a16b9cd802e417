import Foundation
import LossOracle
import LossOracleTesting
import Testing

@Suite struct `A loss in shards of one's own` {
  private let check = AccuracyCheck(caseCount: 20)

  /// The greatest logit of a shard, the sum of e^(x - m), and the target's logit, which `logit` picks.
  private static func partials(
    _ sum: @escaping @Sendable ([Float]) -> Float,
    logit: @escaping @Sendable (Row<Float>) -> Float = { row in
      row.label.map { $0 < 0 ? -.infinity : row.logits[$0] } ?? .nan
    }
  ) -> LossUnderTest {
    .row(of: .shardPartials) { (row: Row<Float>) in
      [row.logits.max() ?? -.infinity, sum(row.logits), logit(row)]
    }
  }

  @Sendable private static func rescaledSum(_ x: [Float]) -> Float {
    let greatest = x.max() ?? 0
    return greatest == -.infinity ? 0 : x.reduce(0) { $0 + exp($1 - greatest) }
  }

  /// The loss of what S shards have: their maxima, their sums, and their logits of the target.
  private static func merged(
    _ loss: @escaping @Sendable (_ maxima: [Float], _ sums: [Float], _ logits: [Float]) -> Float
  ) -> LossUnderTest {
    .row(of: .mergedCrossEntropy) { (row: Row<Float>) in
      let count = row.logits.count
      return [loss(row.logits, Array(row.gradOutput[..<count]), Array(row.gradOutput[count...]))]
    }
  }

  @Sendable private static func right(_ m: [Float], _ s: [Float], _ t: [Float]) -> Float {
    let greatest = m.max() ?? 0
    let sum = zip(m, s).reduce(0) { $0 + $1.1 * exp($1.0 - greatest) }
    return log(sum) - ((t.max() ?? 0) - greatest)
  }

  @Test func `passes in its parts and in their merge`() async throws {
    for loss in [Self.partials(Self.rescaledSum), Self.merged(Self.right)] {
      let report = try await check.report(on: loss)
      #expect(report.hasPassed, "\(report.findings.map { $0.failure.message })")
      #expect(report.stages.contains { $0.name == "shards" })
    }
  }

  @Test func `falls short where a shard that is all masked makes NaN`() async throws {
    let loss = Self.partials { x in
      let greatest = x.max() ?? 0
      return x.reduce(0) { $0 + exp($1 - greatest) }
    }
    let report = try await check.report(on: loss)
    let finding = try #require(report.findings.first)
    #expect(finding.shrunk.logits.allSatisfy { $0.double == -.infinity })
  }

  @Test func `falls short where a target in another shard is taken for one of its own`()
    async throws
  {
    let loss = Self.partials(Self.rescaledSum) { $0.logits[max($0.label ?? 0, 0)] }
    let report = try await check.report(on: loss)
    #expect(!report.findings.isEmpty)
    for finding in report.findings { #expect(finding.shrunk.target == .index(-1)) }
  }

  @Test func `falls short where log-sum-exps are added without their maxima`() async throws {
    let loss = Self.merged { m, s, t in
      (m.max() ?? 0) + log(s.reduce(0, +)) - (t.max() ?? 0)
    }
    let error = await #expect(throws: InaccurateLoss.self) {
      try await requireAccuracy(of: loss, check)
    }
    #expect(error?.report.findings.contains { $0.shrunk.logits.count == 2 } == true)
  }

  @Test func `falls short where the first shard is taken to have the target`() async throws {
    let loss = Self.merged { m, s, t in Self.right(m, s, [t[0]]) }
    #expect(try await !check.report(on: loss).hasPassed)
  }
}
