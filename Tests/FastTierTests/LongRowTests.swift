import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `A long row` {
  /// More classes than are kept, in stretches of which the last is short.
  static let classCount = Stretch.size + 3

  @Test(arguments: LongRowCase.all)
  func `has the bits of MPFR, though its classes are looked at in stretches`(
    example: LongRowCase
  ) throws {
    let rows = example.rows(Self.classCount)
    let exact = try Reference(usesFastTier: false).evaluate(
      example.function, rows, options: example.options, in: example.format)
    let count = exact.values.count
    let values = try example.filled(rows)
    let isSame = (0..<count).allSatisfy {
      values[$0].bitPattern == exact.values.doubles[$0].bitPattern
    }
    #expect(isSame, "\(example)")
  }

  @Test func `has the gradients of a mean`() throws {
    let example = LongRowCase(.crossEntropyGradient, .float32, .probabilities)
    let rows = example.rows(Self.classCount)
    let mean = MeanParts(LossOptions(), labels: nil, rowCount: 3, valueCount: 3 * Self.classCount)
    let exact = try Reference(usesFastTier: false).gradients(
      .crossEntropyGradient, rows, of: mean, options: LossOptions(), in: .float32,
      rounding: .nearestEven)
    #expect(try example.filled(rows, of: mean) == exact.values.doubles)
  }

  @Test func `has the total of its loss`() throws {
    let example = LongRowCase(.crossEntropy, .float64, .probabilities)
    let rows = example.rows(Self.classCount)
    let exact = try Reference(usesFastTier: false).evaluate(.crossEntropy, rows, in: .float64)
    var total: LossTotal?
    rows.forEachView { _, row in
      total = Reference().total(
        .crossEntropy, longRow: row, options: LossOptions(), from: .float64)
    }
    let value = Reference().value(
      of: try #require(total), reduction: .mean, ground: .lindemannWeierstrass, in: .float64,
      rounding: .nearestEven)
    #expect(value?.value == exact.values[0])
  }

  @Test(
    arguments: [FloatFormat.float32, .bfloat16], [LossFunction.softmax, .crossEntropyGradient])
  func `keeps the values that doubles decide, and balls decide the others`(
    format: FloatFormat, function: LossFunction
  ) throws {
    var choices = TestSeed.choices("long row \(format.name) \(function)")
    var logits = (0..<Self.classCount).map { _ in
      Float(format.nearest((Double(choices.bits() >> 11) * 0x1p-53) * 40 - 20))
    }
    // Next to nothing, and the greatest by far.
    (logits[7], logits[1024]) = (-90, 60)
    let tier = try #require(FloatBulkTier(function, in: format))
    for label in function.hasTarget ? [7, 1024] : [0] {
      let labels = function.hasTarget ? [Int32(label)] : []
      var values = [Float](repeating: 0, count: logits.count)
      values.withUnsafeMutableBufferPointer { values in
        logits.withUnsafeBufferPointer { logits in
          _ = labels.withUnsafeBufferPointer {
            tier.fill(
              values, logits: logits, classCount: logits.count, targets: BulkTargets(labels: $0))
          }
        }
      }
      let wanted = values
      for i in stride(from: label % 61, to: values.count, by: 61) { values[i] = .nan }
      // No value of this row, and so it stays.
      values[8] = 2
      let isDecided = values.withUnsafeMutableBytes { values in
        logits.withUnsafeBytes { logits in
          var row = RowView(RowNumbers(logits.baseAddress, .floats, count: Self.classCount))
          if let label = labels.first { (row.label, row.targetKind) = (Int(label), .index) }
          return values.baseAddress.map {
            Reference().fill(
              ValueMemory($0, .floats), function, longRow: row, options: LossOptions(),
              from: format, in: format, rounding: .nearestEven)
          }
        }
      }
      #expect(isDecided == true)
      #expect(values[8] == 2)
      values[8] = wanted[8]
      #expect(values.map(\.bitPattern) == wanted.map(\.bitPattern))
    }
  }

  @Test(arguments: [Double.infinity, -.infinity, .nan, 2])
  func `of special logits or targets is left to others`(special: Double) {
    var example = LongRowCase(.crossEntropyGradient, .float64, .probabilities)
    example.special = special
    #expect(throws: Undecided.self) { try example.filled(example.rows(Self.classCount)) }
  }
}

/// What is computed of a row.
struct LongRowCase: CustomTestStringConvertible {
  var function: LossFunction
  var format: FloatFormat
  var targetKind: TargetKind
  var options = LossOptions()
  /// A number that stands among the targets where it is 2, and else among the logits.
  var special: Double?

  init(
    _ function: LossFunction, _ format: FloatFormat, _ targetKind: TargetKind = .none,
    _ change: (inout LossOptions) -> Void = { _ in }
  ) {
    (self.function, self.format, self.targetKind) = (function, format, targetKind)
    change(&options)
  }

  static let all = [
    LongRowCase(.crossEntropyGradient, .float64, .probabilities),
    LongRowCase(.crossEntropyGradient, .float32, .probabilities) {
      $0.labelSmoothing = FloatValue(0.1)
      $0.zLoss = FloatValue(0.001)
      $0.gradOutput = .row
    },
    LongRowCase(.crossEntropyGradient, .bfloat16, .index) {
      $0.softcap = FloatValue(30)
      $0.scale = FloatValue(0.7)
    },
    LongRowCase(.crossEntropyGradient, .float64, .index) { $0.temperature = FloatValue(1.3) },
    LongRowCase(.crossEntropyGradient, .float16, .index) { $0.focalGamma = FloatValue(2) },
    LongRowCase(.crossEntropy, .float32, .probabilities),
    LongRowCase(.softmaxGradient, .float64), LongRowCase(.logSoftmaxGradient, .float32),
    LongRowCase(.entropyGradient, .float64), LongRowCase(.klDivergence, .float32, .logits),
    LongRowCase(.klDivergenceGradient, .float64, .logits),
    LongRowCase(.jsDivergence, .float64, .logits),
    LongRowCase(.jsDivergenceGradient, .float32, .logits),
  ]

  var testDescription: String { "\(function) \(format.name) \(targetKind) \(options.present)" }

  func rows(_ classCount: Int) -> LossRows {
    var choices = TestSeed.choices("long rows \(testDescription)")
    func column(_ count: Int, _ scale: Double, _ offset: Double) -> NumberColumn {
      // Over and over the same, for to draw them takes longest.
      let numbers = (0..<1009).map { _ in
        format.nearest(Double(choices.bits() >> 11) * 0x1p-53 * scale + offset)
      }
      return NumberColumn(format, doubles: (0..<count).map { numbers[$0 % numbers.count] })
    }
    var (logits, targets) = (column(classCount, 20, -10), column(classCount, 1, 0))
    if let special {
      let value = FloatValue(special)
      if special == 2 { targets.set(value, at: 5) } else { logits.set(value, at: 5) }
    }
    let count = function.gradOutputCount(classCount: classCount, options)
    return LossRows(
      classCount: classCount, logits: logits, labels: targetKind == .index ? [1025] : nil,
      probabilities: targetKind == .probabilities ? targets : nil,
      targetLogits: targetKind == .logits ? column(classCount, 20, -10) : nil,
      gradOutputs: column(count, 2, -1))
  }

  /// The values of the one row, through memory of the format.
  ///
  /// - Parameter around: Called with what fills the memory.
  func filled(
    _ rows: LossRows, of mean: MeanParts? = nil, around: (() -> Bool) -> Bool = { $0() }
  ) throws -> [Double] {
    let layout = try #require(RowNumbers.Layout(format))
    let count = function.outputCount(classCount: rows.classCount)
    var bytes = [UInt8](repeating: 0, count: count * format.byteCount)
    let (logits, targets) = (rows.logits.encoded, rows.probabilities.encoded)
    let gradOutputs = rows.gradOutputs.encoded
    let isDecided = bytes.withUnsafeMutableBytes { bytes in
      logits.withUnsafeBytes { logits in
        targets.withUnsafeBytes { targets in
          gradOutputs.withUnsafeBytes { gradOutputs in
            var row = RowView(RowNumbers(logits.baseAddress, layout, count: rows.classCount))
            (row.targetKind, row.label) = (targetKind, targetKind == .index ? 1025 : nil)
            row.target = RowNumbers(targets.baseAddress, layout, count: rows.probabilities.count)
            row.gradOutput = RowNumbers(
              gradOutputs.baseAddress, layout, count: rows.gradOutputs.count)
            return bytes.baseAddress.map {
              let values = ValueMemory($0, layout)
              values.clear(count)
              return around {
                Reference().fill(
                  values, function, longRow: row, options: options, of: mean, from: format,
                  in: format, rounding: .nearestEven)
              }
            }
          }
        }
      }
    }
    guard isDecided == true else { throw Undecided() }
    return bytes.withUnsafeBytes { NumberColumn(format, decoding: $0).doubles }
  }
}

struct Undecided: Error {}
