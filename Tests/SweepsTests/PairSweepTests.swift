import FloatFormats
import Foundation
import LossFunctions
import Losses
import Multiprecision
import Reference
import TestSupport
import Testing
import Verification

@testable import Sweeps

@Suite struct `A sweep of pairs` {
  /// A first number, and a second one about which pairs are looked at.
  struct Part: Sendable, CustomStringConvertible {
    let function: LossFunction
    let name: String
    let format: FloatFormat
    let label: Int?
    let partner: SweepPartner?
    let first: Double
    let second: Double

    init(
      _ function: LossFunction, _ name: String, _ format: FloatFormat, label: Int? = nil,
      with partner: SweepPartner? = nil, _ first: Double, near second: Double
    ) {
      (self.function, self.name, self.format) = (function, name, format)
      (self.label, self.partner, self.first, self.second) = (label, partner, first, second)
    }

    var description: String {
      "\(function) \(name), \(format), \(label ?? -1), (\(first), \(second))"
    }

    func plan() throws -> SweepPlan {
      let implementation = try #require(
        Implementations.all.first { $0.function == function && $0.name == name })
      let subject = try #require(SweepSubject(function, label: label, partner: partner))
      return try SweepPlan(implementation: implementation, subject: subject, format: format)
    }
  }

  /// Ties, midpoints with tiny tails, overflows, subnormal and signed zeros, limits; sums that cancel, infinities beside
  /// what the value depends on, and factors that make a tiny share a normal number.
  static let parts: [Part] = [
    Part(.crossEntropy, "naive", .float16, label: 0, 0, near: 11),
    Part(.crossEntropy, "practical", .bfloat16, label: 1, -0.0, near: 100),
    Part(.crossEntropy, "practical", .float16, label: 0, -2047, near: -2040),
    Part(.crossEntropyGradient, "fused", .float16, label: 0, 256, near: 256),
    Part(.crossEntropyGradient, "practical", .bfloat16, label: 1, -0x1p-24, near: -3),
    Part(.crossEntropy, "naive", .float16, label: 1, .infinity, near: 1),
    Part(.softmax, "unshifted", .float16, 0.5, near: 11),
    Part(.softmax, "practical", .bfloat16, -20, near: -2),
    Part(.softmax, "shifted", .float16, .nan, near: 1),
    Part(.logSoftmax, "shifted", .bfloat16, 256, near: 260),
    Part(.logSoftmax, "log-of-softmax", .float16, -.infinity, near: 1),
    Part(.logSumExp, "shifted", .float16, -0.40625, near: -1.0969),
    Part(.logSumExp, "practical", .bfloat16, -.infinity, near: -0x1p-130),
    Part(.entropy, "naive", .float16, 1, near: 12),
    Part(.entropy, "practical", .bfloat16, -0x1p-14, near: 80),
    Part(.sigmoidGradient, "from-output", .bfloat16, with: .gradOutput, 0x1p120, near: -130),
    Part(.softplusGradient, "two-case", .float16, with: .gradOutput, -0x3p-24, near: 0),
    Part(.logSigmoidGradient, "practical", .bfloat16, with: .gradOutput, .infinity, near: 90),
    Part(.logSigmoidGradient, "complement", .float16, with: .gradOutput, 0, near: 8),
    Part(
      .binaryCrossEntropyGradient, "practical-upstream", .bfloat16, label: 1, with: .gradOutput,
      -0x1.8p90, near: 2),
    Part(.binaryCrossEntropy, "logits", .float16, with: .target, 0.250244140625, near: 2000),
    Part(.binaryCrossEntropy, "practical", .bfloat16, with: .target, 0x1p-130, near: -88),
    Part(.binaryCrossEntropyGradient, "practical", .float16, with: .target, 0.5, near: -0x1p-20),
    Part(.binaryCrossEntropyGradient, "fused", .float16, with: .target, 0x1.4p-10, near: 30),
    Part(.binaryCrossEntropyGradient, "fused", .bfloat16, with: .target, 0.625, near: 0.51),
  ]

  /// Some of them, and another one by another seed; `LOSS_ORACLE_CASES` asks for all.
  private static let chosen =
    TestSeed.count(0) > 0
    ? Array(parts.indices)
    : Set([2, 7, 9, 11, 12, 14, 15, 16, 20, 23, Int(TestSeed.current % UInt64(parts.count))])
      .sorted()

  @Test(arguments: chosen) func `counts what MPFR says of each pair`(index: Int) throws {
    let part = Self.parts[index]
    let plan = try part.plan()
    func encoding(_ number: Double) throws -> Int {
      Int(try #require(part.format.encode(part.format.rounded(FloatValue(number), .nearestEven))))
    }
    // The chunks with the second number, and with infinity.
    let (firstEncoding, near) = (try encoding(part.first), try encoding(part.second))
    let chunks = [near, try encoding(.infinity)].map {
      let start = firstEncoding * plan.blockSize + $0 / plan.chunkSize * plan.chunkSize
      return start..<start + plan.chunkSize
    }
    var tally = SweepTally()
    for chunk in chunks { tally.add(try BlockSweep.tally(plan, inputs: chunk)) }
    let first = Float(part.format.decode(UInt128(firstEncoding)).double)
    let lasts = chunks.joined().map {
      Float(part.format.decode(UInt128($0 % plan.blockSize)).double)
    }
    let rows = lasts.map { plan.subject.input([first, $0]) }.batches(in: part.format)[0].rows
    let certified = try Reference(usesFastTier: false).evaluate(
      part.function, rows, options: plan.subject.options, in: part.format)
    let computed = try #require(plan.implementation.evaluate(rows, withBounds: false)).values
    let found = try Self.counts(certified, computed, first, lasts)
    #expect(tally.finiteLogits == found.finite && tally.misrounded == found.misrounded)
    #expect(tally.nonFinite == found.nonFinite && tally.wrongSigns == found.wrongSigns)
    #expect(tally.specialDifferences == found.missed)
    #expect(tally.finiteLogits + tally.specialLogits == UInt64(lasts.count))
    #expect(abs((tally.worst?.ulps ?? -1) - found.worst) <= 0x1p-14 * max(1, found.worst))
    // Few are left to MPFR, though many differences are midpoints.
    #expect(tally.decidedByMPFR < 64, "\(tally.decidedByMPFR)")
  }

  private struct Counts {
    var (finite, misrounded, nonFinite, wrongSigns) =
      (0 as UInt64, 0 as UInt64, 0 as UInt64, 0 as UInt64)
    var missed: UInt64 = 0
    var worst = -1.0
  }

  private static func counts(
    _ certified: CertifiedRows, _ computed: NumberColumn, _ first: Float, _ lasts: [Float]
  ) throws -> Counts {
    var counts = Counts()
    for (row, last) in lasts.enumerated() {
      let exact = try certified.row(row)
      let values = (0..<exact.count).map { computed[row * exact.count + $0] }
      let isSame = zip(exact, values).allSatisfy {
        $0.value.isNumericallyEqual(to: $1) || ($0.value.isNaN && $1.isNaN)
      }
      guard first.isFinite, last.isFinite else {
        counts.missed += isSame ? 0 : 1
        continue
      }
      counts.finite += 1
      counts.misrounded += isSame ? 0 : 1
      for (exact, value) in zip(exact, values) where exact.value.isFinite || value.isFinite {
        guard value.isFinite else {
          counts.nonFinite += 1
          continue
        }
        if value.double * exact.value.double < 0 { counts.wrongSigns += 1 }
        counts.worst = max(counts.worst, exact.error(of: value).ulps)
      }
    }
    return counts
  }

  @Test func `has a target from 0 to 1 as the first of a pair`() throws {
    let plan = try #require(
      Self.parts.first { $0.partner == .target && $0.format == .bfloat16 }
    ).plan()
    // 0x0000 to 0x3f80, with all logits.
    #expect(plan.domainCount == 0x3F81 << 16 && plan.blockCount == 0x3F81)
    let last = plan.subject.input(plan.inputs.numbers(at: plan.domainCount - 1))
    #expect(last.target == .probabilities([.one]))
  }

  @Test func `takes a class or a partner where the function has one, in 16-bit formats`() throws {
    #expect(SweepSubject(.crossEntropy, label: nil) == nil)
    #expect(SweepSubject(.crossEntropy, label: 2) == nil)
    #expect(SweepSubject(.softmax, label: 0) == nil)
    #expect(SweepSubject(.softmaxGradient, label: nil) == nil)
    #expect(SweepSubject(.softmax, label: nil, partner: .gradOutput) == nil)
    #expect(SweepSubject(.sigmoid, label: nil, partner: .gradOutput) == nil)
    #expect(SweepSubject(.sigmoidGradient, label: nil, partner: .target) == nil)
    #expect(SweepSubject(.binaryCrossEntropy, label: 1, partner: .target) == nil)
    #expect(SweepSubject(.binaryCrossEntropy, label: nil, partner: .gradOutput) == nil)
    #expect(SweepSubject(.binaryCrossEntropyGradient, label: nil, partner: .gradOutput) == nil)
    let part = Part(.crossEntropy, "naive", .float32, label: 0, 0, near: 0)
    #expect(throws: SweepError.self) { try part.plan() }
    // What a gradient is multiplied by is an option of a loss's.
    let upstream = Part(
      .binaryCrossEntropyGradient, "fused-upstream", .float16, label: 0, 0, near: 0)
    #expect(throws: SweepError.takesGradOutput("fused-upstream")) { try upstream.plan() }
  }
}
