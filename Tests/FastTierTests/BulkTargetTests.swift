import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

/// Losses that are asked for in bulk with numbers as targets, and losses of probabilities.
@Suite struct `Values in bulk of numbers` {
  private static let losses: [LossFunction] = [
    .binaryCrossEntropy, .binaryCrossEntropyGradient, .crossEntropy, .crossEntropyGradient,
  ]

  /// Numbers of a format, the targets beside them, and labels where there are classes.
  private struct Rows {
    var classCount = 1
    var numbers: [Double] = []
    var targets: [Double] = []
    var labels: [Int32] = []
  }

  /// Fills by the bulk interface, for the format's own type of numbers.
  private static func fill(
    _ function: LossFunction, _ input: InputKind, _ rows: Rows, in format: FloatFormat,
    threadCount: Int = 1
  ) throws -> (outputs: [Double], slowCount: Int) {
    let count =
      function.hasOutputPerClass ? rows.numbers.count : rows.numbers.count / rows.classCount
    if format == .float64 {
      var outputs = [Double](repeating: 7, count: count)
      let slowCount = try rows.numbers.withUnsafeBufferPointer { numbers in
        try rows.targets.withUnsafeBufferPointer { targets in
          try outputs.withUnsafeMutableBufferPointer {
            rows.labels.isEmpty
              ? try Reference().fill(
                $0, function, of: input, logits: numbers, classCount: rows.classCount,
                targets: targets, threadCount: threadCount)
              : try Reference().fill(
                $0, function, of: input, logits: numbers, classCount: rows.classCount,
                targets: rows.labels, threadCount: threadCount)
          }
        }
      }
      return (outputs, slowCount)
    }
    var outputs = [Float](repeating: 7, count: count)
    let slowCount = try rows.numbers.map { Float($0) }.withUnsafeBufferPointer { numbers in
      try rows.targets.map { Float($0) }.withUnsafeBufferPointer { targets in
        try outputs.withUnsafeMutableBufferPointer {
          rows.labels.isEmpty
            ? try Reference().fill(
              $0, function, of: input, logits: numbers, classCount: rows.classCount,
              targets: targets, in: format, threadCount: threadCount)
            : try Reference().fill(
              $0, function, of: input, logits: numbers, classCount: rows.classCount,
              targets: rows.labels, in: format, threadCount: threadCount)
        }
      }
    }
    return (outputs.map { Double($0) }, slowCount)
  }

  /// Holds what the bulk interface fills against MPFR; returns how many rows were left to that.
  private func check(
    _ function: LossFunction, _ input: InputKind, _ rows: Rows, in format: FloatFormat
  ) throws -> Int {
    let (outputs, slowCount) = try Self.fill(function, input, rows, in: format)
    var options = LossOptions()
    options.input = input
    var column = LossRows(
      format, classCount: rows.classCount,
      targetKind: rows.labels.isEmpty ? .probabilities : .index)
    for row in 0..<rows.numbers.count / rows.classCount {
      let range = row * rows.classCount..<(row + 1) * rows.classCount
      column.append(
        LossInput(
          logits: rows.numbers[range].map { FloatValue($0) },
          target: rows.labels.isEmpty
            ? .probabilities(rows.targets[range].map { FloatValue($0) })
            : .index(Int(rows.labels[row]))))
    }
    let exact = try Reference(usesFastTier: false).evaluate(
      function, column, options: options, in: format)
    for (place, value) in exact.values.doubles.enumerated() {
      let isSame =
        outputs[place].bitPattern == value.bitPattern || outputs[place].isNaN && value.isNaN
      #expect(
        isSame,
        "\(function) of \(input) \(format.name) \(place): \(outputs[place]), not \(value)")
    }
    return slowCount
  }

  /// A target: hard, soft, coarse, tiny, or next to 1; now and then none.
  private static func target(in format: FloatFormat, _ choices: inout ChoiceSource) -> Double {
    let unit = choices.unitInterval()
    let y =
      switch choices.integer(in: 0...9) {
      case 0...2: 0.0
      case 3...5: 1.0
      case 6: Double(choices.integer(in: 0...8)) / 8
      case 7: Double(sign: .plus, exponent: -choices.integer(in: 0...140), significand: unit)
      case 8: 1 - Double(choices.integer(in: 0...3)) * format.unitRoundoff
      default: choices.integer(in: 0...20) == 0 ? .nan : unit
      }
    return format.rounded(FloatValue(y), .towardZero).double
  }

  /// A logit: any size, huge, small, or where the gradient cancels or the loss is a midpoint but for its tail.
  private static func logit(
    beside y: Double, in format: FloatFormat, _ choices: inout ChoiceSource
  ) -> Double {
    let unit = choices.unitInterval() - 0.5
    let z =
      switch choices.integer(in: 0...7) {
      case 0: unit * 400.0
      case 1: Double(choices.integer(in: -140...140))
      case 2: 0.0
      case 3: Double(sign: .plus, exponent: choices.integer(in: -140...100), significand: unit)
      case 4: 0 < y && y < 1 ? -log1p((1 - y) / y - 1) : unit
      case 5: [Double.infinity, -.infinity, .nan, 90, -90, -105][choices.integer(in: 0...5)]
      default: unit * 16
      }
    return format.rounded(FloatValue(z), .nearestEven).double
  }

  @Test(arguments: [LossFunction.binaryCrossEntropy, .binaryCrossEntropyGradient])
  func `as targets beside logits are the reference's, bit for bit`(function: LossFunction) throws {
    for format in FastTier.formats + [.float64] {
      var choices = TestSeed.choices("bulk, number targets \(function) \(format.name)")
      var rows = Rows()
      for _ in 0..<TestSeed.count(2500) {
        rows.targets.append(Self.target(in: format, &choices))
        rows.numbers.append(
          Self.logit(beside: rows.targets[rows.targets.count - 1], in: format, &choices))
      }
      let slowCount = try check(function, .logits, rows, in: format)
      // Infinite and NaN logits, NaN targets, and gradients that are rational at 0.
      #expect(slowCount < rows.targets.count / 3, "\(format.name)")
      // Blocks of hard targets alone.
      let isHard = rows.targets.map { $0 == 0 || $0 == 1 }
      var hard = Rows()
      hard.targets = zip(rows.targets, isHard).filter(\.1).map(\.0)
      hard.numbers = zip(rows.numbers, isHard).filter(\.1).map(\.0)
      _ = try check(function, .logits, hard, in: format)
    }
  }

  /// A probability: any, next to an end or to 1/2, of any binade, an end, or none; or the logarithm of one.
  private static func number(
    _ input: InputKind, in format: FloatFormat, isValid: Bool, _ choices: inout ChoiceSource
  ) -> Double {
    let unit = choices.unitInterval()
    let number =
      switch choices.integer(in: 0...7) {
      case 0: 1 - Double(choices.integer(in: 0...40)) * format.unitRoundoff
      case 1: Double(sign: .plus, exponent: -choices.integer(in: 0...150), significand: 1 + unit)
      case 2: 0.5 + (unit - 0.5) * 0x1p-20
      case 3: [0.0, 1, 0.5, 0.25, 0x1p-149, 0x1p-126][choices.integer(in: 0...5)]
      case 4: Double(sign: .plus, exponent: -choices.integer(in: 0...150), significand: 1)
      case 5 where !isValid:
        [Double.nan, -0x1p-149, 1.5, -.infinity, .infinity, -1][
          choices.integer(in: 0...5)]
      default: unit
      }
    let sign: Double = input == .logProbabilities ? -200 : 1
    let given = isValid ? min(number, 1) * sign : number * sign
    return format.rounded(FloatValue(given), .towardZero).double
  }

  @Test(arguments: losses, [InputKind.probabilities, .logProbabilities])
  func `that are probabilities are the reference's, bit for bit`(
    function: LossFunction, input: InputKind
  ) throws {
    for format in FastTier.formats + [.float64] {
      var choices = TestSeed.choices("bulk \(function) \(input) \(format.name)")
      for classCount in function.isBinary ? [1] : [1, 2, 10, 130] {
        var rows = Rows(classCount: classCount)
        for row in 0..<TestSeed.count(function.isBinary ? 2500 : max(1200 / classCount, 12)) {
          for _ in 0..<classCount {
            rows.numbers.append(
              Self.number(input, in: format, isValid: row % 8 != 0, &choices))
          }
          if function.isBinary {
            rows.targets.append(Self.target(in: format, &choices))
          } else {
            rows.labels.append(Int32(choices.integer(in: 0...classCount - 1)))
          }
        }
        _ = try check(function, input, rows, in: format)
      }
    }
  }

  @Test func `that are labels serve probabilities as numbers do`() throws {
    var choices = TestSeed.choices("bulk, labels beside a probability")
    var rows = Rows()
    for _ in 0..<3000 {
      rows.numbers.append(Self.number(.probabilities, in: .float32, isValid: true, &choices))
      rows.targets.append(Double(choices.bits() & 1))
    }
    var labelled = rows
    labelled.labels = rows.targets.map { Int32($0) }
    for function in Self.losses where function.isBinary {
      let numbers = try Self.fill(function, .probabilities, rows, in: .float32)
      let labels = try Self.fill(function, .probabilities, labelled, in: .float32)
      #expect(numbers == labels)
    }
  }

  @Test func `of all kinds leave few to others`() throws {
    var choices = TestSeed.choices("bulk of numbers, share")
    let count = 1 << 18
    let units = (0..<count).map { _ in Float(choices.bits() >> 40) * 0x1p-24 }
    let logits = (0..<count).map { _ in (Float(choices.bits() >> 40) * 0x1p-24 - 0.5) * 16 }
    let soft = (0..<count).map { _ in Float(choices.bits() >> 40) * 0x1p-24 }
    func openCount(_ tier: some BulkTier<Float>, _ numbers: [Float]) -> Int {
      var outputs = [Float](repeating: 0, count: count)
      numbers.withUnsafeBufferPointer { numbers in
        soft.withUnsafeBufferPointer { soft in
          outputs.withUnsafeMutableBufferPointer {
            _ = tier.fill($0, logits: numbers, classCount: 1, targets: BulkTargets(numbers: soft))
          }
        }
      }
      return outputs.count(where: \.isNaN)
    }
    for function in Self.losses where function.isBinary {
      let logitTier = try #require(FloatBulkTier(function, in: .float32))
      // A gradient cancels where the sigmoid is within 2⁻¹¹ of itself of the target.
      let allowed = function.isGradient ? count / 1000 : 2
      #expect(openCount(logitTier, logits) <= allowed)
      let tier = try #require(ProbabilityBulkTier(function, of: .probabilities, in: .float32))
      #expect(openCount(tier, units) <= 4)
    }
  }

  @Test func `do not depend on the number of threads`() throws {
    var choices = TestSeed.choices("bulk of numbers, threads")
    var rows = Rows()
    for _ in 0..<5003 {
      rows.targets.append(Self.target(in: .float32, &choices))
      rows.numbers.append(Self.number(.probabilities, in: .float32, isValid: true, &choices))
    }
    for (function, input) in [
      (LossFunction.binaryCrossEntropy, InputKind.logits), (.binaryCrossEntropy, .probabilities),
      (.binaryCrossEntropyGradient, .logits),
    ] {
      let one = try Self.fill(function, input, rows, in: .float32)
      let three = try Self.fill(function, input, rows, in: .float32, threadCount: 3)
      #expect(one.outputs.map(\.bitPattern) == three.outputs.map(\.bitPattern))
      #expect(one.slowCount == three.slowCount)
    }
  }

  @Test func `for each class go the long way`() throws {
    var rows = Rows(classCount: 2)
    rows.numbers = [1, 2, 0.25, -3, 0, 0.5]
    rows.targets = [0.5, 0.5, 1, 0, 0.125, 0.75]
    for function in Self.losses where !function.isBinary {
      for format in [FloatFormat.float32, .float64] {
        _ = try check(function, .logits, rows, in: format)
      }
    }
  }

  @Test func `that are no targets are refused`() throws {
    for wrong in [-0x1p-149, 1.5, .infinity, -.infinity] {
      for (format, input) in [
        (FloatFormat.float32, InputKind.logits), (.float64, .logits), (.float32, .probabilities),
      ] {
        var rows = Rows()
        rows.numbers = [Double](repeating: 0.5, count: 2000)
        rows.targets = rows.numbers
        _ = try Self.fill(.binaryCrossEntropy, input, rows, in: format)
        rows.targets[1999] = wrong
        #expect(throws: ReferenceError.self) {
          try Self.fill(.binaryCrossEntropy, input, rows, in: format)
        }
        rows.targets.removeLast()
        #expect(throws: ReferenceError.self) {
          try Self.fill(.binaryCrossEntropy, input, rows, in: format)
        }
      }
    }
  }
}
