import Cases
import FloatFormats
import LossFunctions
import Testing

// What the families that are about the numbers of the format hold.

@Suite struct `The logits` {
  private func logits(
    _ family: Family, _ format: FloatFormat = .float32, _ function: LossFunction = .softplus,
    count: Int = 300
  ) -> [FloatValue] {
    let shape = CaseShape(function: function, format: format, classCount: 3)
    return (0..<count).flatMap { family.input(shape, seed: 1, index: $0).logits }
  }

  /// The least distance from one of `edges`, of either sign, in ulps of float32.
  private func distance(_ logit: FloatValue, _ edges: [Float]) -> Double {
    edges.map { abs(Double($0) - abs(logit.double)) / Double($0.ulp) }.min() ?? .infinity
  }

  @Test(arguments: [FloatFormat.float8E4M3FN, .float16, .float64])
  func `of every bit pattern reach all binades and the subnormals`(format: FloatFormat) {
    let logits = logits(.bitPattern, format, count: 2000)
    let exponents = logits.compactMap(\.binaryExponent)
    let spread = format.greatestExponent / 16
    #expect((exponents.min() ?? 0) < format.leastExponent + spread)
    #expect((exponents.max() ?? 0) >= format.greatestExponent - spread)
    #expect(abs(logits.count { $0.isNegative } - 1000) < 134)
  }

  @Test func `of every bit pattern reach each of a small format`() {
    #expect(Set(logits(.bitPattern, .float8E4M3FN, count: 5000)).count == 254)
  }

  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `of huge magnitude reach beyond where e^x overflows`(format: FloatFormat) {
    let exponents = logits(.hugeMagnitude, format).compactMap(\.binaryExponent)
    #expect((exponents.min() ?? 0) <= 8 && exponents.allSatisfy { $0 >= 5 })
    #expect((exponents.max() ?? 0) >= format.greatestExponent - format.greatestExponent / 16)
  }

  @Test func `of the overflow edge stay within eight ulps of it`() {
    // log of FLT_MAX, and of half of it.
    let edges: [Float] = [88.72284, 88.02969]
    for logit in logits(.overflowEdge) { #expect(distance(logit, edges) <= 9, "\(logit)") }
  }

  @Test func `of the underflow edge stay within eight ulps of it`() {
    // log of FLT_MIN, FLT_TRUE_MIN, and half of that.
    let edges: [Float] = [87.33655, 103.27893, 103.97208]
    let logits = logits(.underflowEdge)
    for logit in logits { #expect(distance(logit, edges) <= 9, "\(logit)") }
    for edge in edges { #expect(logits.contains { distance($0, [edge]) <= 9 }) }
  }

  @Test func `of the edges differ by them, too`() {
    let shape = CaseShape(function: .crossEntropy, format: .float32, classCount: 3)
    for (family, edge) in [(Family.overflowEdge, Float(88.72284)), (.underflowEdge, 103.27893)] {
      let shifted = (0..<300).count { index in
        let logits = family.input(shape, seed: 1, index: index).logits.map(\.double)
        let greatest = logits.max() ?? 0
        return logits.contains { abs(abs($0 - greatest) - Double(edge)) < 1e-4 }
      }
      #expect(shifted > 30, "\(family.name): \(shifted)")
    }
  }

  @Test func `of the saturation edge lie where 1 + e^−x becomes 1 in float32`() {
    let logits = logits(.saturationEdge).map { Float(abs($0.double)) }
    #expect(logits.contains { 1 + 1 / Float(3.0e6) != 1 && $0 < 16.7 && $0 > 16.5 })
    #expect(logits.contains { abs($0 - 20) < 1e-4 } && logits.contains { abs($0 - 100) < 1e-3 })
  }

  @Test func `near multiples of log 2 are near them`() {
    let unit = 0.693_147_180_559_945_3 / 256
    for logit in logits(.argumentReduction, .float64).map(\.double) {
      let multiple = (logit / unit).rounded()
      #expect(abs(logit - multiple * unit) <= 6 * max(abs(logit).ulp, 1e-300), "\(logit)")
    }
  }

  @Test(arguments: [FloatFormat.float8E5M2, .bfloat16, .float64])
  func `that are subnormal are so, but for the first normal binade and zeros`(
    format: FloatFormat
  ) {
    let logits = logits(.subnormals, format)
    let bound = FloatValue(isNegative: false, significand: 1, exponent: format.leastExponent + 1)
    #expect(logits.allSatisfy { $0.magnitude.isLess(than: bound) })
    #expect(logits.contains(format.leastSubnormal))
    #expect(logits.contains(.zero(isNegative: true)))
  }

  @Test func `of subnormal results have exponentials below the normal range`() {
    let magnitudes = logits(.subnormalResults).map { abs($0.double) }
    #expect(magnitudes.allSatisfy { $0 >= 87.33654 && $0 <= 103.9721 })
  }

  @Test func `of few bits have at most four`() {
    let logits = logits(.fewBits)
    #expect(logits.allSatisfy { $0.significand < 16 })
    #expect(logits.contains(.one) && logits.contains { $0.significand == 15 })
  }

  @Test func `of mixed rows are short, next to short ones, ordinary, huge, and tied`() {
    let shape = CaseShape(function: .logSumExp, format: .float32, classCount: 3)
    let rows = (0..<300).map { Family.mixed.input(shape, seed: 1, index: $0).logits }
    let all = rows.flatMap(\.self)
    #expect(all.contains { $0.significand < 16 && !$0.isZero })
    #expect(all.contains { $0.significand > 1 << 20 && abs($0.double) < 8 })
    #expect(all.contains { abs($0.double) > 1e20 })
    #expect(rows.count { Set($0).count < 3 } > 50)
    // One logit alone is a neighbour of a short number, for one.
    let ofOne: [FloatValue] = [.one, shape.format.nextUp(.one), shape.format.nextDown(.one)]
    let single = logits(.mixed, count: 4000).map(\.magnitude)
    #expect(ofOne.allSatisfy { single.contains($0) })
  }

  @Test(arguments: [LossFunction.softplus, .logSumExp])
  func `of the special families are infinite or NaN, one of a row at least`(
    function: LossFunction
  ) {
    let shape = CaseShape(function: function, format: .float16, classCount: 3)
    for index in 0..<200 {
      let infinite = Family.infinities.input(shape, seed: 1, index: index).logits
      #expect(infinite.contains { $0.isInfinite } && !infinite.contains { $0.isNaN })
      #expect(Family.nan.input(shape, seed: 1, index: index).logits.contains { $0.isNaN })
    }
    let shapeOfTen = CaseShape(function: function, format: .float16, classCount: 10)
    let all = (0..<400).map { Family.infinities.input(shapeOfTen, seed: 1, index: $0).logits }
    #expect(all.contains { $0.allSatisfy { $0 == .infinity(isNegative: true) } })
    #expect(all.contains { $0.contains(.infinity) })
  }

  @Test func `of the special families exist where the format has them`() {
    let shape = CaseShape(function: .softplus, format: .float8E4M3FN, classCount: 1)
    #expect(!Family.infinities.suits(shape) && Family.nan.suits(shape))
  }
}

@Suite struct `The exhaustive cases` {
  @Test(arguments: [FloatFormat.float8E4M3FN, .float8E5M2, .float16])
  func `are each finite logit with each label, once`(format: FloatFormat) throws {
    let shape = CaseShape(function: .binaryCrossEntropy, format: format, classCount: 1)
    let count = try #require(Family.everyLogit.caseCount(shape))
    let cases = Set((0..<count).map { Family.everyLogit.input(shape, seed: 1, index: $0) })
    let finite = (0..<UInt128(1) << format.bitCount).count { format.decode($0).isFinite }
    #expect(cases.count == count && count == 2 * finite)
    #expect(cases.allSatisfy { $0.logits.allSatisfy { $0.isFinite && format.contains($0) } })
  }

  @Test func `are each pair of logits of eight bits, once`() throws {
    let shape = CaseShape(function: .crossEntropy, format: .float8E4M3FN, classCount: 10)
    let count = try #require(Family.everyPair.caseCount(shape))
    var counts: [[FloatValue]: Int] = [:]
    // Every 254 there is another first logit, so a stride prime to that meets each one.
    for index in stride(from: 0, to: count, by: 17) {
      counts[Family.everyPair.input(shape, seed: 1, index: index).logits, default: 0] += 1
    }
    #expect(count == 254 * 254 && counts.values.allSatisfy { $0 == 1 })
    #expect(counts.keys.allSatisfy { $0.count == 2 } && Set(counts.keys.map { $0[0] }).count == 254)
    #expect(Set(counts.keys.map { $0[1] }).count == 254)
  }

  @Test func `exist in small formats alone`() {
    let wide = CaseShape(function: .softplus, format: .float32, classCount: 1)
    let half = CaseShape(function: .logSumExp, format: .float16, classCount: 2)
    #expect(!Family.everyLogit.suits(wide) && !Family.everyPair.suits(half))
    #expect(Family.everyLogit.caseCount(wide) == 0)
  }
}
