import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

// What the families that are about rows as kernels meet them hold.

@Suite struct `The rows of kernels` {
  private func rows(
    _ family: Family, _ format: FloatFormat = .float32, classCount: Int = 10, count: Int
  ) -> [LossInput] {
    let shape = CaseShape(function: .crossEntropy, format: format, classCount: classCount)
    return (0..<count).map { family.input(shape, seed: TestSeed.current, index: $0) }
  }

  private func label(_ input: LossInput) -> Int {
    if case .index(let label) = input.target { label } else { -1 }
  }

  @Test(arguments: [FloatFormat.bfloat16, .float16, .float32, .float64])
  func `that are masked hold each mask that the format has, over shares of the row`(
    _ format: FloatFormat
  ) {
    let rows = rows(.masks, format, count: 400)
    let masks: [FloatValue] =
      [.infinity(isNegative: true), format.greatestFinite.negated]
      + [-1e4, -1e9].map { format.rounded(FloatValue($0), .nearestEven) }
    for mask in masks where mask.isFinite || mask.isInfinite {
      let masked = rows.map { row in row.logits.count { $0 == mask } }
      #expect(masked.count { $0 > 0 } > 50, "\(mask)")
      #expect(masked.contains(9) && masked.contains(3))
    }
    let least = FloatValue(-9000)
    #expect(rows.count { $0.logits[label($0)].isLess(than: least) } < 100)
    #expect(rows.contains { $0.logits[label($0)].isLess(than: least) })
  }

  @Test(arguments: FloatFormat.catalogue)
  func `that are low have no logit above −200, and are all the least number at times`(
    _ format: FloatFormat
  ) {
    let least = format.greatestFinite.negated
    let above = format.nextUp(least).double
    let top = max(format.rounded(FloatValue(-200), .nearestEven).double, above)
    let rows = rows(.lowestLogits, format, count: 300)
    #expect(rows.allSatisfy { $0.logits.allSatisfy { $0.isFinite && $0.double <= top } })
    #expect(rows.contains { $0.logits.allSatisfy { $0 == least } })
    #expect(rows.contains { $0.logits.contains(least) && Set($0.logits).count > 1 })
  }

  @Test func `of vocabularies are of their sizes, equal or not, with labels about 65,536`() {
    var (sizes, labels, equal) = (Set<Int>(), Set<Int>(), 0)
    for row in rows(.vocabularies, count: 18) {
      sizes.insert(row.logits.count)
      if label(row) > 65_535 { labels.insert(label(row)) }
      if row.logits.allSatisfy({ $0 == row.logits[0] }) { equal += 1 }
    }
    #expect(sizes == [32_000, 50_257, 128_256, 129_920, 151_936, 256_000])
    #expect(!labels.isEmpty && equal == 6)
  }

  @Test func `about block edges are of each size, and lead at an end or hold no logit near 0`() {
    let rows = rows(.blockEdges, .bfloat16, count: 50)
    let sizes = Set(rows.map(\.logits.count))
    #expect(sizes.isSuperset(of: [7, 8, 9, 127, 128, 129, 1000, 1007, 65_535, 65_536, 65_537]))
    #expect(rows.count { $0.logits.allSatisfy { $0.double == -20 } } > 8)
    let ends = rows.count { row in
      guard let greatest = row.logits.map(\.double).max(), greatest > 3 else { return false }
      return row.logits.last?.double == greatest
    }
    #expect(ends > 3)
  }

  @Test func `that begin with a masked block do, with the target behind it`() {
    for row in rows(.maskedBlocks, count: 7) {
      let block = row.logits.count / 9 * 8
      #expect(block.nonzeroBitCount == 1 && Set(row.logits[..<block]).count == 1)
      #expect(row.logits[0].isLess(than: FloatValue(-9999)) && label(row) >= block)
    }
  }

  @Test func `that are padded are masked at their end`() throws {
    let rows = rows(.paddedColumns, count: 10)
    #expect(Set(rows.map(\.logits.count)) == [16, 1024, 32_064, 50_304, 151_936])
    for row in rows {
      let last = try #require(row.logits.last)
      #expect(last.isLess(than: FloatValue(-9999)))
      #expect(!row.logits[label(row)].isLess(than: FloatValue(-9999)))
    }
  }

  @Test(arguments: [LossFunction.crossEntropyGradient, .softplus])
  func `that are many come in one batch, of more rows than blocks have`(
    _ function: LossFunction
  ) throws {
    let shape = CaseShape(function: function, format: .float32, classCounts: 1...10)
    let count = Family.manyRows.caseCount(shape, planned: 1000)
    let batches = Family.manyRows.rows(shape, seed: TestSeed.current, indices: 0..<count)
    #expect(batches.map(\.rows.count) == [1025])
    #expect(batches[0].rows.classCount == shape.logitCount)
    #expect(Family.manyRows.caseCount(shape, planned: 10) == 10)
    #expect(Family.manyRows.caseCount(shape, planned: 0) == 0)
    #expect(Families.ordinary.contains { $0.name == Family.manyRows.name })
  }

  @Test(arguments: Families.large.map(\.name))
  func `of many classes are as many as a thousand others ask for`(name: String) throws {
    let family = try #require(Families.named(name))
    let shape = CaseShape(function: .softmax, format: .float16, classCount: 10)
    let count = try #require(family.caseCount(shape))
    #expect(family.caseCount(shape, planned: 1000) == count)
    #expect(family.caseCount(shape, planned: 10) == 1)
    #expect(family.caseCount(shape, planned: .max) == 10 * count)
    #expect(family.greatestClassCount ?? 0 >= 65_536)
    #expect(Family.normal.caseCount(shape, planned: 77) == 77)
    #expect(!family.suits(CaseShape(function: .sigmoid, format: .float16, classCount: 1)))
  }

  @Test(arguments: Families.large.map(\.name))
  func `of many classes are valid, and the same as columns`(name: String) throws {
    let family = try #require(Families.named(name))
    for format in [FloatFormat.float8E4M3FN, .float64] {
      let shape = CaseShape(function: .crossEntropy, format: format, classCount: 10)
      for batch in family.rows(shape, seed: 5, indices: 0..<2) {
        for (row, place) in batch.places.enumerated() {
          let input = family.input(shape, seed: 5, index: place)
          try shape.function.validate(input, LossOptions())
          #expect(batch.rows[row] == input)
          #expect(input.logits.allSatisfy { !$0.isNaN && format.contains($0) })
        }
      }
    }
  }
}
