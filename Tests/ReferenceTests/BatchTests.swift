import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `Batches` {
  private static let formats = [FloatFormat.float32, .bfloat16, .float16, .float64]
  private static let directions = [RoundingDirection.nearestEven, .towardZero, .up, .down]

  @Test(
    "The gradients of a mean are the rows' over what it divides by, whatever decides them",
    arguments: formats, directions)
  func gradientsOfMeans(format: FloatFormat, direction: RoundingDirection) throws {
    for (number, (rows, options)) in try Self.batches(format).enumerated() {
      let fast = try Reference().evaluate(
        .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: format,
        rounding: direction)
      let slow = try Reference(usesFastTier: false).evaluate(
        .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: format,
        rounding: direction)
      for place in 0..<fast.values.count {
        #expect(
          fast.values[place] == slow.values[place],
          "batch \(number), place \(place)")
        #expect(fast.ulpExponents[place] == slow.ulpExponents[place])
        let (residual, other) = (fast.residuals[place], slow.residuals[place])
        #expect(residual == other || (residual - other).magnitude <= 0x1p-14)
      }
    }
  }

  @Test("Few gradients of a mean are left to MPFR, and those of a sum are the rows'")
  func gradientsOfMeansAreFast() throws {
    let family = try #require(Families.named("normal"))
    let shape = CaseShape(function: .crossEntropyGradient, format: .float32, classCount: 50)
    for placed in family.rows(shape, seed: 3, indices: 0..<99) where placed.rows.count == 99 {
      let mean = try Reference().evaluate(
        .crossEntropyGradient, batch: placed.rows, reduction: .mean, options: LossOptions(),
        in: .float32)
      #expect(mean.slowRowCount < 3)
      let sum = try Reference().evaluate(
        .crossEntropyGradient, batch: placed.rows, reduction: .sum, options: LossOptions(),
        in: .float32)
      let rows = try Reference().evaluate(.crossEntropyGradient, placed.rows, in: .float32)
      #expect(sum.values.doubles == rows.values.doubles)
    }
  }

  /// Batches of families that underflow, tie and mask, with weights and ignored rows and without.
  private static func batches(_ format: FloatFormat) throws -> [(LossRows, LossOptions)] {
    var weighted = LossOptions()
    weighted.classWeights = [0.5, 3, 0.1, 0, 1].map { format.rounded(FloatValue($0), .nearestEven) }
    weighted.ignoreIndex = 2
    let shape = CaseShape(function: .crossEntropyGradient, format: format, classCount: 5)
    return try ["normal", "ties", "confident", "masks", "overflow-edge"]
      .flatMap { name in
        try #require(Families.named(name)).rows(shape, seed: 7, indices: 0..<7).map(\.rows)
      }
      .flatMap { rows in
        rows.targetKind == .index
          ? [(rows, LossOptions()), (rows, weighted)] : [(rows, LossOptions())]
      }
  }
}
