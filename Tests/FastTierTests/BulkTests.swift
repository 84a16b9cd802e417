import Cases
import FastTier
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `Values in bulk` {
  /// Rows with all that matters to the tier: spread, ties, a far maximum, huge and tiny logits.
  private static func rows(
    _ classCount: Int, count: Int, in format: FloatFormat, _ choices: inout ChoiceSource
  ) -> [Float] {
    (0..<count).flatMap { row in
      (0..<classCount).map { index -> Float in
        let fraction = Double(choices.bits() >> 11) * 0x1p-53 - 0.5
        let logit: Double =
          switch row % 6 {
          case 0: fraction * 8
          case 1: fraction * 250
          case 2: Double(Int(fraction * 4))
          case 3: fraction * (index == 0 ? 60 : 0x1p-20)
          case 4: fraction * 0x1p14
          default: index == classCount / 2 ? 90 + fraction : fraction
          }
        return Float(format.rounded(FloatValue(logit), .nearestEven).double)
      }
    }
  }

  private func check(
    _ function: LossFunction, _ logits: [Float], _ classCount: Int, _ targets: [Int32],
    in format: FloatFormat
  ) throws -> Int {
    let rowCount = logits.count / classCount
    let outputCount = function.hasOutputPerClass ? classCount : 1
    var outputs = [Float](repeating: 0, count: rowCount * outputCount)
    let undecided = try logits.withUnsafeBufferPointer { logits in
      try outputs.withUnsafeMutableBufferPointer {
        try Reference().fill(
          $0, function, logits: logits, classCount: classCount, targets: targets, in: format)
      }
    }
    for row in 0..<rowCount {
      let rowLogits = logits[row * classCount..<(row + 1) * classCount].map { FloatValue($0) }
      let target: Target =
        if targets.isEmpty { .none } else if function.isBinary {
          .probabilities([FloatValue(Double(targets[row]))])
        } else { .index(Int(targets[row])) }
      let exact = try Reference().evaluate(
        function, LossInput(logits: rowLogits, target: target), in: format)
      for i in 0..<outputCount {
        let value = outputs[row * outputCount + i]
        let isSame = FloatValue(value) == exact[i].value || (value.isNaN && exact[i].value.isNaN)
        #expect(
          isSame, "\(function) \(format.name) \(rowLogits.map(\.hexadecimal)) \(target) [\(i)]")
      }
    }
    return undecided
  }

  @Test(arguments: RowTier.functions, [1, 2, 3, 10, 300])
  func `of rows are the reference's, bit for bit`(function: LossFunction, classCount: Int) throws {
    for format in FastTier.formats {
      var choices = TestSeed.choices("bulk \(function) \(classCount) \(format.name)")
      let count = classCount > 100 ? 12 : TestSeed.count(120)
      var logits = Self.rows(classCount, count: count, in: format, &choices)
      logits += (0..<classCount).map { $0 == 0 ? .infinity : Float($0) }
      logits += (0..<classCount).map { $0 == 0 ? .nan : Float($0) }
      logits += (0..<classCount).map { $0 == 0 ? -.infinity : Float($0) }
      let targets = (0..<count + 3).map { _ in Int32(choices.bits() % UInt64(classCount)) }
      let undecided = try check(
        function, logits, classCount, function.hasTarget ? targets : [], in: format)
      #expect(undecided >= 2)
    }
  }

  @Test(arguments: LossFunction.allCases.filter(\.isBinary))
  func `of one logit are the reference's, bit for bit`(function: LossFunction) throws {
    for format in FastTier.formats {
      var choices = TestSeed.choices("bulk \(function) \(format.name)")
      var logits = Self.rows(1, count: 3_000, in: format, &choices)
      logits += [.infinity, -.infinity, .nan, 0, -0.0]
      let targets = logits.map { _ in Int32(choices.bits() & 1) }
      let undecided = try check(function, logits, 1, function.hasTarget ? targets : [], in: format)
      #expect((3..<20).contains(undecided))
    }
  }

  @Test func `of random rows leave fewer than one in a million to MPFR`() throws {
    var choices = TestSeed.choices("bulk, share")
    // Differences may be midpoints of float32, which tails below the bound decide.
    let logits = (0..<1 << 21).map { _ in (Float(choices.bits() >> 40) * 0x1p-24 - 0.5) * 40 }
    let targets = (0..<1 << 20).map { _ in Int32(choices.bits() & 1) }
    var outputs = [Float](repeating: 0, count: targets.count)
    let undecided = try logits.withUnsafeBufferPointer { logits in
      try outputs.withUnsafeMutableBufferPointer {
        try Reference().fill($0, .crossEntropy, logits: logits, classCount: 2, targets: targets)
      }
    }
    #expect(Double(undecided) < Double(targets.count) / 1e6 + 4)
  }

  @Test func `of labels that are no classes are refused`() throws {
    for (function, label) in [(LossFunction.crossEntropy, 2 as Int32), (.binaryCrossEntropy, -1)] {
      let classCount = function.isBinary ? 1 : 2
      #expect(throws: ReferenceError.self) {
        try check(function, [0, 1].suffix(classCount), classCount, [label], in: .float32)
      }
    }
  }
}
