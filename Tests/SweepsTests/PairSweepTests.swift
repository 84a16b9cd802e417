import FloatFormats
import Foundation
import LossFunctions
import Losses
import Multiprecision
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `A sweep of pairs` {
  /// First logits whose pairs have all that matters: ties, midpoints with tiny tails, overflows, subnormal
  /// and signed zeros, limits.
  private static let firsts: [Double] = [
    0, -0.0, 1, -0x1p-24, 256, -2047, 65504, 0x1p-14, .infinity, .nan,
  ]

  private static func plan(
    _ function: LossFunction, _ name: String, _ format: FloatFormat, _ label: Int, first: Double
  ) throws -> SweepPlan {
    let implementation = try #require(
      Implementations.all.first { $0.function == function && $0.name == name })
    let subject = try #require(SweepSubject(function, label: label))
    let encoding = try #require(format.encode(format.rounded(FloatValue(first), .nearestEven)))
    return try SweepPlan(
      implementation: implementation, subject: subject, format: format, shard: Int(encoding) + 1,
      of: 1 << 16)
  }

  private static let subjects = [
    (function: LossFunction.crossEntropy, name: "naive"), (.crossEntropy, "practical"),
    (.crossEntropyGradient, "fused"), (.crossEntropyGradient, "practical"),
  ]

  /// Some of them; `LOSS_ORACLE_CASES` asks for all.
  private static let chosen =
    TestSeed.count(0) > 0 ? Array(firsts.indices) : [0, 5]

  @Test(arguments: chosen) func `counts what the reference says of each pair`(
    index: Int
  ) async throws {
    let (first, label) = (Self.firsts[index], index / 2 % 2)
    let subject = Self.subjects[(index + index / 4) % 4]
    let format = index % 2 == 0 ? FloatFormat.float16 : .bfloat16
    let plan = try Self.plan(subject.function, subject.name, format, label, first: first)
    let tally = try await completed(plan).tally
    let x = format.rounded(FloatValue(first), .nearestEven)
    var (finite, misrounded, nonFinite, special) = (0 as UInt64, 0 as UInt64, 0 as UInt64, 0)
    var worst = -1.0
    let inputs = (0..<UInt128(1 << 16)).map {
      LossInput(logits: [x, format.decode($0)], target: .index(label))
    }
    let batch = inputs.batches(in: format)[0].rows
    let certified = try Reference().evaluate(subject.function, batch, in: format)
    for (row, input) in inputs.enumerated() {
      let exact = try certified.row(row)
      let computed = try #require(plan.implementation.evaluate(input, in: format))
      let isSame = zip(exact, computed).allSatisfy {
        $0.value.isNumericallyEqual(to: $1) || ($0.value.isNaN && $1.isNaN)
      }
      guard x.isFinite, input.logits[1].isFinite else {
        special += isSame ? 0 : 1
        continue
      }
      finite += 1
      misrounded += isSame ? 0 : 1
      for (exact, computed) in zip(exact, computed) where exact.value.isFinite || computed.isFinite
      {
        if !computed.isFinite { nonFinite += 1; continue }
        worst = max(worst, exact.error(of: computed).ulps)
      }
    }
    #expect(tally.finiteLogits == finite && tally.misrounded == misrounded, "\(first)")
    #expect(tally.nonFinite == nonFinite, "\(first)")
    #expect(tally.specialDifferences == UInt64(special), "\(first)")
    #expect(tally.finiteLogits + tally.specialLogits == 1 << 16)
    #expect(abs((tally.worst?.ulps ?? -1) - worst) <= 0x1p-14 * max(1, worst), "\(first)")
    // Few are left to MPFR, though many differences are midpoints.
    #expect(tally.decidedByMPFR < 32, "\(first) \(tally.decidedByMPFR)")
  }

  @Test func `takes the cross-entropy with a class, in 16-bit formats`() throws {
    #expect(SweepSubject(.crossEntropy, label: nil) == nil)
    #expect(SweepSubject(.crossEntropy, label: 2) == nil)
    #expect(SweepSubject(.softmax, label: nil) == nil)
    #expect(throws: SweepError.self) {
      try Self.plan(.crossEntropy, "naive", .float32, 0, first: 0)
    }
  }
}
