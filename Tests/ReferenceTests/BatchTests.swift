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

  @Test("Sums and means of losses are the exact rows', whatever decides them", arguments: formats)
  func reductionsByTotals(format: FloatFormat) throws {
    for (number, (rows, options)) in try Self.batches(format).enumerated() {
      for reduction in [Reduction.mean, .sum] {
        let fast = try Reference().evaluate(
          .crossEntropy, batch: rows, reduction: reduction, options: options, in: format)
        guard
          case .reduced(let exact) = try Reference().exact(
            .crossEntropy, batch: (0..<rows.count).map { rows[$0] }, reduction: reduction,
            options: options)
        else { continue }
        let slow = try exact.rounded(to: format, .nearestEven)[0]
        #expect(fast.values[0] == slow.value, "batch \(number)")
        #expect(fast.ulpExponents[0] == slow.ulpExponent)
      }
    }
  }

  @Test("Totals of parts add up to that of the whole, and decide nearly all", arguments: formats)
  func totalsOfParts(format: FloatFormat) throws {
    let family = try #require(Families.named("normal"))
    let shape = CaseShape(function: .crossEntropy, format: format, classCount: 10)
    let placed = try #require(family.rows(shape, seed: 5, indices: 0..<1500).first).rows
    var options = LossOptions()
    options.ignoreIndex = 3
    options.classWeights = (0..<10).map {
      format.rounded(FloatValue(Double($0) / 4), .nearestEven)
    }
    for own in [LossOptions(), options] {
      let whole = try #require(
        try Reference().total(.crossEntropy, placed, options: own, in: format))
      var parts = try #require(
        try Reference().total(
          .crossEntropy, placed.selecting(0..<500), options: own, in: format))
      let rest = try #require(
        try Reference().total(
          .crossEntropy, placed.selecting(500..<placed.count), options: own, in: format))
      parts.add(rest)
      let exact = try Reference(usesFastTier: false).evaluate(
        .crossEntropy, batch: placed, reduction: .mean, options: own, in: format)
      for total in [whole, parts] {
        let value = try #require(
          Reference().value(
            of: total, reduction: .mean, ground: .unsettled, in: format, rounding: .nearestEven))
        #expect(value.value == exact.values[0])
      }
    }
  }

  @Test("Means of long rows of float64 are decided without MPFR")
  func meansOfLongRows() throws {
    let family = try #require(Families.named("normal"))
    let shape = CaseShape(function: .crossEntropy, format: .float64, classCount: 300)
    for seed in 0..<12 as Range<UInt64> {
      let rows = try #require(family.rows(shape, seed: seed, indices: 0..<2).first).rows
      let total = try #require(
        try Reference().total(.crossEntropy, rows, options: LossOptions(), in: .float64))
      let value = Reference().value(
        of: total, reduction: .mean, ground: .unsettled, in: .float64, rounding: .nearestEven)
      #expect(value != nil, "seed \(seed)")
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
