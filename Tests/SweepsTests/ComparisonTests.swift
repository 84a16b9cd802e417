import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@testable import Verification

@Suite struct `A batch held against exact values` {
  private static let firstIndex: UInt64 = 0xFFFF_FF00

  /// Exact values as the sigmoid's gradient for label 1, all negative, and values of which some are a few
  /// numbers beside them, of the other sign, infinite or NaN.
  private struct Batch {
    let tier: FastTier
    let logits: [Float]
    var approximations: [Double]
    var exact: [Float]
    var values: [Float]

    init(_ format: FloatFormat, _ seed: String) throws {
      let function = try #require(OneLogitFunction(.binaryCrossEntropyGradient, label: 1))
      tier = FastTier(function)
      var choices = TestSeed.choices(seed)
      logits = (0..<128).map { _ in
        let logit = Double(Int64(bitPattern: choices.bits()) >> 32) * 0x1p-26
        return Float(format.rounded(FloatValue(logit), .nearestEven).double)
      }
      approximations = Array(repeating: 0, count: logits.count)
      (exact, values) = ([], [])
      logits.withUnsafeBufferPointer { logits in
        approximations.withUnsafeMutableBufferPointer { tier.approximate(logits, into: $0) }
      }
      exact = try logits.map { logit in
        Float(try tier.exact(logit, in: format).value.double)
      }
      values = exact.map { exact in
        switch choices.bits() % 16 {
        case 0: exact * 1.25
        case 1: -exact
        case 2: .infinity
        case 3: .nan
        case 4: -.nan
        case 5: 0
        default: exact
        }
      }
    }

    func comparison(_ format: FloatFormat, worst: Double) -> BatchComparison {
      values.withUnsafeBufferPointer { values in
        exact.withUnsafeBufferPointer { exact in
          approximations.withUnsafeBufferPointer { approximations in
            RoundingTest(format).compare(
              values, with: exact, approximations: approximations, sign: -1, worst: worst,
              firstIndex: `A batch held against exact values`.firstIndex)
          }
        }
      }
    }
  }

  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32], 0..<8)
  func `has the counts of its values one by one`(format: FloatFormat, seed: Int) throws {
    let batch = try Batch(format, "comparison \(seed)")
    let test = RoundingTest(format)
    var (misrounded, wrongSigns, nonFinite) = (0 as UInt64, 0 as UInt64, 0 as UInt64)
    var tally = SweepTally()
    var worst = 0.0
    for (i, value) in batch.values.enumerated() {
      if value != batch.exact[i] { misrounded += 1 }
      if value.isFinite, value > 0 { wrongSigns += 1 }
      if !value.isFinite { nonFinite += 1 }
      if value.isFinite { worst = max(worst, test.error(value, batch.approximations[i])) }
      tally.digest(logitBits: Self.firstIndex + UInt64(i), value: value)
    }
    let comparison = batch.comparison(format, worst: worst)
    #expect(comparison.misroundedCount == misrounded)
    #expect(comparison.wrongSignCount == wrongSigns)
    #expect(comparison.nonFiniteCount == nonFinite)
    #expect(comparison.digest == tally.outputsDigest)
    #expect(!comparison.hasWorse)
    #expect(batch.comparison(format, worst: worst.nextDown).hasWorse)
  }

  /// Pairs of opposite signs, the first one negative; values as before, of which each has another one.
  @Test(arguments: [FloatFormat.float16, .bfloat16], 0..<8)
  func `has the counts of its pairs one by one`(format: FloatFormat, seed: Int) throws {
    var batch = try Batch(format, "pairs \(seed)")
    let test = RoundingTest(format)
    let exact = batch.exact
    batch.approximations = batch.approximations.map(\.magnitude)
    batch.exact = exact.map(\.magnitude)
    let others = try Batch(format, "pairs \(seed)").values.reversed()
    batch.values = zip(batch.values, others).flatMap { [$0, $1] }
    var (misrounded, wrongSigns, nonFinite) = (0 as UInt64, 0 as UInt64, 0 as UInt64)
    var tally = SweepTally()
    var worst = 0.0
    for (i, approximation) in batch.approximations.enumerated() {
      let pair = (batch.values[2 * i], batch.values[2 * i + 1])
      if pair.0 != exact[i] || pair.1 != -exact[i] { misrounded += 1 }
      for (value, sign) in [(pair.0, -1 as Float), (pair.1, 1)] {
        if value.isFinite, value * sign < 0 { wrongSigns += 1 }
        if !value.isFinite { nonFinite += 1 }
        if value.isFinite { worst = max(worst, test.error(value * sign, approximation)) }
      }
      let index = Self.firstIndex + UInt64(i)
      tally.digest(logitBits: index, value: pair.0)
      tally.digest(logitBits: ~index & 0xFFFF_FFFF, value: pair.1)
    }
    let comparison = batch.comparison(format, worst: worst)
    #expect(comparison.misroundedCount == misrounded)
    #expect(comparison.wrongSignCount == wrongSigns)
    #expect(comparison.nonFiniteCount == nonFinite)
    #expect(comparison.digest == tally.outputsDigest)
    #expect(!comparison.hasWorse)
    #expect(batch.comparison(format, worst: worst.nextDown).hasWorse)
  }

  @Test func `adds up`() throws {
    let batch = try Batch(.float32, "witness")
    let comparison = batch.comparison(.float32, worst: .infinity)
    try #require(comparison.nonFiniteCount > 0)
    var tally = SweepTally()
    tally.add(comparison)
    #expect(tally.nonFinite == comparison.nonFiniteCount)
    #expect(tally.misrounded == comparison.misroundedCount)
    #expect(tally.wrongSigns == comparison.wrongSignCount)
    #expect(tally.outputsDigest == comparison.digest)
  }
}
