import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `A long row` {
  /// More classes than are kept, so that each is looked at twice.
  private static let classCount = RowTier.keptClassCount + 1001

  @Test(
    arguments: [FloatFormat.float32, .bfloat16], [LossFunction.softmax, .crossEntropyGradient])
  func `has the values that balls make of it, bit for bit`(
    format: FloatFormat, function: LossFunction
  ) throws {
    var choices = TestSeed.choices("long row \(format.name) \(function)")
    var logits = (0..<Self.classCount).map { _ in
      Float(
        format.rounded(FloatValue((Double(choices.bits() >> 11) * 0x1p-53) * 40 - 20), .nearestEven)
          .double)
    }
    // Next to nothing, and the greatest by far.
    (logits[7], logits[1024]) = (-90, 60)
    let tier = try #require(FloatBulkTier(function, in: format))
    for label in function.hasTarget ? [7, 1024] : [0] {
      var values = [Float](repeating: 0, count: logits.count)
      let wanted = try values.withUnsafeMutableBufferPointer { values in
        try logits.withUnsafeBufferPointer { logits in
          let labels = function.hasTarget ? [Int32(label)] : []
          _ = labels.withUnsafeBufferPointer {
            tier.fill(
              values, logits: logits, classCount: logits.count, targets: BulkTargets(labels: $0))
          }
          let wanted = Array(values)
          for i in stride(from: label % 601, to: values.count, by: 601) { values[i] = .nan }
          let row = try #require(LongRow(logits, label: function.hasTarget ? label : nil))
          let isDecided = row.roundRest(of: values, in: format)
          #expect(isDecided)
          return wanted
        }
      }
      let isSame = wanted.indices.allSatisfy {
        !wanted[$0].isNaN && values[$0].bitPattern == wanted[$0].bitPattern
      }
      #expect(isSame)
    }
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func `of special logits is left to others`(special: Float) {
    let isRow = [0, special].withUnsafeBufferPointer { LongRow($0, label: 0) != nil }
    #expect(!isRow)
  }
}
