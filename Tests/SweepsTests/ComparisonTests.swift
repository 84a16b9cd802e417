import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@testable import Sweeps

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
    /// What the exact values and approximations are to be multiplied by.
    var sign: Float = 1

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

    /// Turns the sign of the numbers, and has that say so.
    mutating func turn() {
      exact = exact.map { -$0 }
      approximations = approximations.map { -$0 }
      sign = -sign
    }

    /// The values held against those exact ones, or pairs of values also against others.
    func comparison(
      _ format: FloatFormat, worst: Double, and others: Batch? = nil
    ) -> BatchComparison {
      values.withUnsafeBufferPointer { values in
        withColumn { first in
          let test = RoundingTest(format)
          let index = `A batch held against exact values`.firstIndex
          guard let others else {
            return test.compare(values, with: [first], worst: worst, firstIndex: index)
          }
          return others.withColumn {
            test.compare(values, with: [first, $0], worst: worst, firstIndex: index)
          }
        }
      }
    }

    private func withColumn<Result>(_ body: (ExactColumn) -> Result) -> Result {
      exact.withUnsafeBufferPointer { exact in
        approximations.withUnsafeBufferPointer {
          body(ExactColumn(rounded: exact, approximations: $0, sign: sign))
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

  /// Pairs whose first values are negative, those of a column with the sign turned, and whose second ones are those of the
  /// same column, or of another; values as before, of which each has another one.
  @Test(arguments: [FloatFormat.float16, .bfloat16], 0..<8)
  func `has the counts of its pairs one by one`(format: FloatFormat, seed: Int) throws {
    var (batch, others) = (
      try Batch(format, "pairs \(seed)"),
      try Batch(format, seed % 2 == 0 ? "pairs \(seed)" : "others \(seed)")
    )
    let test = RoundingTest(format)
    batch.values = zip(batch.values, others.values.reversed()).flatMap { [$0, $1] }
    batch.turn()
    others.turn()
    others.sign = 1
    var (misrounded, wrongSigns, nonFinite) = (0 as UInt64, 0 as UInt64, 0 as UInt64)
    var tally = SweepTally()
    var worst = 0.0
    for i in batch.exact.indices {
      let pair = (batch.values[2 * i], batch.values[2 * i + 1])
      if pair.0 != -batch.exact[i] || pair.1 != others.exact[i] { misrounded += 1 }
      for (value, column) in [(pair.0, batch), (pair.1, others)] where value.isFinite {
        if value * column.sign < 0 { wrongSigns += 1 }
        worst = max(worst, test.error(value * column.sign, column.approximations[i]))
      }
      nonFinite += (pair.0.isFinite ? 0 : 1) + (pair.1.isFinite ? 0 : 1)
      let index = Self.firstIndex + UInt64(i)
      tally.digest(logitBits: index, value: pair.0)
      tally.digest(logitBits: ~index & 0xFFFF_FFFF, value: pair.1)
    }
    let comparison = batch.comparison(format, worst: worst, and: others)
    #expect(comparison.misroundedCount == misrounded)
    #expect(comparison.wrongSignCount == wrongSigns)
    #expect(comparison.nonFiniteCount == nonFinite)
    #expect(comparison.digest == tally.outputsDigest)
    #expect(!comparison.hasWorse)
    #expect(batch.comparison(format, worst: worst.nextDown, and: others).hasWorse)
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
