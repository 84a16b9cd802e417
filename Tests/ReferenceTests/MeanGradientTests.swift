import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `Gradients of a mean` {
  private static let families = ["normal", "ties", "confident", "masks", "overflow-edge"]
  /// Divisors that are no power of two, one that is, and weights that cancel, vanish and are no short numbers.
  private static let counts = [3, 7, 8]

  private static func options(_ format: FloatFormat, _ classCount: Int) -> [LossOptions] {
    var ignoring = LossOptions()
    ignoring.ignoreIndex = 1
    var weighted = ignoring
    weighted.classWeights = (0..<classCount).map {
      format.rounded(FloatValue([0.1, 3, 0, 1][$0 % 4]), .nearestEven)
    }
    var byRows = weighted
    byRows.denominator = .rows
    var far = weighted
    far.classWeights = weighted.classWeights?.map { _ in FloatValue(0x1p-30) }
    var smooth = LossOptions()
    smooth.labelSmoothing = FloatValue(0.125)
    smooth.temperature = FloatValue(3)
    var twoDenominators = weighted
    twoDenominators.zLoss = FloatValue(0.25)
    twoDenominators.denominator = .weightsWithZLossByRows
    return [LossOptions(), ignoring, weighted, byRows, far, smooth, twoDenominators]
  }

  /// Calls `body` with batches, their options, and what MPFR alone makes of them.
  private static func forEachBatch(
    _ format: FloatFormat, classCounts: [Int],
    _ body: (_ rows: LossRows, _ options: LossOptions, _ slow: CertifiedRows, String) throws -> Void
  ) throws {
    for (name, classCount) in families.flatMap({ name in classCounts.map { (name, $0) } }) {
      let shape = CaseShape(
        function: .crossEntropyGradient, format: format, classCount: classCount)
      let family = try #require(Families.named(name))
      for count in counts {
        let all = family.rows(shape, seed: UInt64(41 + count), indices: 0..<count).map(\.rows)
        for rows in all where rows.targetKind == .index && rows.count > 0 {
          for (number, options) in options(format, classCount).enumerated() {
            let slow = try Reference(usesFastTier: false).evaluate(
              .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: format)
            try body(
              rows, options, slow, "\(name), \(classCount) classes, \(count), options \(number)")
          }
        }
      }
    }
  }

  @Test("In bulk they are MPFR's bit for bit, in float32, or left to other ways")
  func floats() throws {
    var servedCount = 0
    try Self.forEachBatch(.float32, classCounts: [2, 5, 150]) { rows, options, slow, place in
      let logits = rows.logits.doubles.map { Float($0) }
      var values = [Float](repeating: .infinity, count: logits.count)
      let isServed = try values.withUnsafeMutableBufferPointer { values in
        try logits.withUnsafeBufferPointer {
          try Reference().fill(
            values, .crossEntropyGradient, of: MeanParts(options, over: rows), logits: $0,
            classCount: rows.classCount, targets: rows.labels, threadCount: 1)
        }
      }
      guard isServed else { return }
      servedCount += 1
      for (index, exact) in slow.values.doubles.enumerated() {
        #expect(
          Double(values[index]) == exact && Double(values[index]).sign == exact.sign
            || values[index].isNaN && exact.isNaN, "\(place), value \(index)")
      }
    }
    #expect(servedCount > 60)
  }

  @Test("So they are in float64")
  func doubles() throws {
    var servedCount = 0
    try Self.forEachBatch(.float64, classCounts: [2, 5]) { rows, options, slow, place in
      let logits = rows.logits.doubles
      var values = [Double](repeating: .infinity, count: logits.count)
      let isServed = try values.withUnsafeMutableBufferPointer { values in
        try logits.withUnsafeBufferPointer {
          try Reference().fill(
            values, .crossEntropyGradient, of: MeanParts(options, over: rows), logits: $0,
            classCount: rows.classCount, targets: rows.labels, threadCount: 1)
        }
      }
      guard isServed else { return }
      servedCount += 1
      for (index, exact) in slow.values.doubles.enumerated() {
        #expect(
          values[index] == exact && values[index].sign == exact.sign
            || values[index].isNaN && exact.isNaN, "\(place), value \(index)")
      }
    }
    #expect(servedCount > 40)
  }

  @Test(
    "Row by row they are MPFR's, with what they are off by",
    arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func rows(format: FloatFormat) throws {
    try Self.forEachBatch(format, classCounts: [5]) { rows, options, slow, place in
      let fast = try Reference().evaluate(
        .crossEntropyGradient, batch: rows, reduction: .mean, options: options, in: format)
      for index in 0..<fast.values.count where slow.undecided[index / rows.classCount] == nil {
        #expect(fast.values[index] == slow.values[index], "\(place), value \(index)")
        #expect(fast.ulpExponents[index] == slow.ulpExponents[index])
        let (residual, other) = (fast.residuals[index], slow.residuals[index])
        #expect(
          residual == other || (residual - other).magnitude <= 0x1p-14
            || residual.isNaN && other.isNaN, "\(place), value \(index)")
      }
    }
  }

  @Test("Binary ones and those of divergences are MPFR's, in all directions")
  func others() throws {
    for (function, classCount) in [
      (LossFunction.binaryCrossEntropyGradient, 1), (.klDivergenceGradient, 5),
    ] {
      for format in [FloatFormat.float32, .float64] {
        let shape = CaseShape(function: function, format: format, classCount: classCount)
        let family = try #require(Families.named("normal"))
        for rows in family.rows(shape, seed: 9, indices: 0..<11).map(\.rows) where rows.count > 0 {
          for direction in [RoundingDirection.nearestEven, .towardZero, .up, .down] {
            let fast = try Reference().evaluate(
              function, batch: rows, reduction: .mean, options: LossOptions(), in: format,
              rounding: direction)
            let slow = try Reference(usesFastTier: false).evaluate(
              function, batch: rows, reduction: .mean, options: LossOptions(), in: format,
              rounding: direction)
            #expect(fast.values.doubles == slow.values.doubles)
          }
        }
      }
    }
  }

  @Test("Few are left to MPFR, in float64 as well", arguments: [FloatFormat.float32, .float64])
  func fewAreSlow(format: FloatFormat) throws {
    let shape = CaseShape(function: .crossEntropyGradient, format: format, classCount: 10)
    let rows = try #require(
      Families.named("normal")?.rows(shape, seed: 4, indices: 0..<1000).first?.rows)
    let mean = try Reference().evaluate(
      .crossEntropyGradient, batch: rows, reduction: .mean, options: LossOptions(), in: format)
    #expect(rows.count == 1000 && mean.slowRowCount < 20)
  }

  @Test("A label that is no class is an error of its row in bulk, unless it is ignored")
  func labels() throws {
    func fill(_ ignored: Int?) throws -> [Float] {
      var options = LossOptions()
      options.ignoreIndex = ignored
      var values = [Float](repeating: .nan, count: 4)
      let mean = MeanParts(options, labels: [-100, 1], rowCount: 2, valueCount: 4)
      let isServed = try values.withUnsafeMutableBufferPointer { values in
        try [Float](repeating: 0, count: 4).withUnsafeBufferPointer {
          try Reference().fill(
            values, .crossEntropyGradient, of: mean, logits: $0, classCount: 2,
            targets: [-100, 1], threadCount: 1)
        }
      }
      #expect(isServed)
      return values
    }
    #expect(try fill(-100) == [0, 0, 0.5, -0.5])
    #expect(throws: ReferenceError.self) { try fill(nil) }
  }
}
