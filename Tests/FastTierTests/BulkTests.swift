import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `Values in bulk` {
  /// Rows with all that matters to the tier: spread, ties, a far maximum, huge and tiny logits, masked
  /// classes, and differences that are midpoints of the format but for a tiny tail.
  private static func rows(
    _ classCount: Int, count: Int, in format: FloatFormat, _ choices: inout ChoiceSource
  ) -> [Double] {
    let midpoint = Double(sign: .plus, exponent: format.precision, significand: 1)
    return (0..<count).flatMap { row in
      (0..<classCount).map { index -> Double in
        let fraction = Double(choices.bits() >> 11) * 0x1p-53 - 0.5
        let logit: Double =
          switch row % 9 {
          case 0: fraction * 8
          case 1: fraction * 250
          case 2: Double(Int(fraction * 4))
          case 3: fraction * (index == 0 ? 60 : 0x1p-20)
          case 4: fraction * 0x1p14
          case 5: index == classCount / 2 ? 90 + fraction : fraction
          case 6: index == 0 ? midpoint : -1 - 2 * Double(choices.bits() & 3)
          case 7: fraction > 0 ? -3e4 : fraction
          default: fraction * 1600
          }
        return format.rounded(FloatValue(logit), .nearestEven).double
      }
    }
  }

  /// Fills by the tier, for the format's own type of numbers.
  private static func fill(
    _ function: LossFunction, _ logits: [Double], _ classCount: Int, _ targets: [Int32],
    in format: FloatFormat, threadCount: Int = 1
  ) throws -> (outputs: [Double], undecided: Int) {
    let count = logits.count / (function.hasOutputPerClass ? 1 : classCount)
    if format == .float64 {
      var outputs = [Double](repeating: 0, count: count)
      let undecided = try logits.withUnsafeBufferPointer { logits in
        try outputs.withUnsafeMutableBufferPointer {
          try Reference().fill(
            $0, function, logits: logits, classCount: classCount, targets: targets,
            threadCount: threadCount)
        }
      }
      return (outputs, undecided)
    }
    var outputs = [Float](repeating: 0, count: count)
    let undecided = try logits.map { Float($0) }.withUnsafeBufferPointer { logits in
      try outputs.withUnsafeMutableBufferPointer {
        try Reference().fill(
          $0, function, logits: logits, classCount: classCount, targets: targets, in: format,
          threadCount: threadCount)
      }
    }
    return (outputs.map { Double($0) }, undecided)
  }

  /// How many rows the tier itself leaves to others.
  private static func openCount(
    _ function: LossFunction, _ logits: [Double], _ classCount: Int, _ targets: [Int32],
    in format: FloatFormat
  ) throws -> Int {
    func count<Tier: BulkTier>(_ tier: Tier) -> Int {
      let outputCount = function.hasOutputPerClass ? classCount : 1
      let rowCount = logits.count / classCount
      var outputs = [Tier.Number](repeating: 0, count: rowCount * outputCount)
      logits.map { Tier.Number($0) }.withUnsafeBufferPointer { logits in
        targets.withUnsafeBufferPointer { targets in
          outputs.withUnsafeMutableBufferPointer {
            _ = tier.fill(
              $0, logits: logits, classCount: classCount, targets: BulkTargets(labels: targets))
          }
        }
      }
      return (0..<rowCount).count { row in
        outputs[row * outputCount..<(row + 1) * outputCount].contains(where: \.isNaN)
      }
    }
    return format == .float64
      ? count(try #require(DoubleBulkTier(function)))
      : count(try #require(FloatBulkTier(function, in: format)))
  }

  /// Holds what is filled against MPFR; returns how many rows the tier left to others.
  private func check(
    _ function: LossFunction, _ logits: [Double], _ classCount: Int, _ targets: [Int32],
    in format: FloatFormat
  ) throws -> Int {
    let (outputs, slowCount) = try Self.fill(function, logits, classCount, targets, in: format)
    let rowCount = logits.count / classCount
    let outputCount = outputs.count / rowCount
    for row in 0..<rowCount {
      let rowLogits = logits[row * classCount..<(row + 1) * classCount].map { FloatValue($0) }
      let target: Target =
        if targets.isEmpty { .none } else if function.isBinary {
          .probabilities([FloatValue(Double(targets[row]))])
        } else { .index(Int(targets[row])) }
      let exact = try Reference(usesFastTier: false).evaluate(
        function, LossInput(logits: rowLogits, target: target), in: format)
      for i in 0..<outputCount {
        let value = outputs[row * outputCount + i]
        let isSame = FloatValue(value) == exact[i].value || (value.isNaN && exact[i].value.isNaN)
        #expect(
          isSame,
          "\(function) \(format.name) \(rowLogits.map(\.hexadecimal)) \(target) [\(i)] \(value)")
      }
    }
    let openCount = try Self.openCount(function, logits, classCount, targets, in: format)
    // Others decide some of these.
    #expect(slowCount <= openCount)
    return openCount
  }

  private static let formats = FastTier.formats + [.float64]

  @Test(arguments: RowTier.functions, [1, 2, 3, 8, 10, 68, 128, 130, 300])
  func `of rows are the reference's, bit for bit`(function: LossFunction, classCount: Int) throws {
    for format in Self.formats {
      var choices = TestSeed.choices("bulk \(function) \(classCount) \(format.name)")
      let count = classCount > 20 ? 10 : TestSeed.count(classCount < 4 ? 100 : 60)
      var logits = Self.rows(classCount, count: count, in: format, &choices)
      logits += (0..<classCount).map { $0 == 0 ? .infinity : Double($0) }
      logits += (0..<classCount).map { $0 == 0 ? .nan : Double($0) }
      logits += (0..<classCount).map { $0 == 0 ? -.infinity : Double($0) }
      let targets = (0..<count + 3).map { _ in Int32(choices.bits() % UInt64(classCount)) }
      let undecided = try check(
        function, logits, classCount, function.hasTarget ? targets : [], in: format)
      // Infinite and NaN logits; in float64 also what is below 2^-750, and log-sum-exps that cancel.
      let others = format == .float64 || function == .logSumExp ? count * 2 / 5 : 0
      #expect(classCount == 1 || (3...3 + others).contains(undecided))
    }
  }

  @Test(
    arguments: LossFunction.allCases.filter {
      $0.isBinary && $0.gradOutputKind == .none && !$0.isOfShards
    })
  func `of one logit are the reference's, bit for bit`(function: LossFunction) throws {
    for format in Self.formats {
      var choices = TestSeed.choices("bulk \(function) \(format.name)")
      var logits = Self.rows(1, count: 3_000, in: format, &choices)
      logits += [.infinity, -.infinity, .nan, 0, -0.0]
      let targets = logits.map { _ in Int32(choices.bits() & 1) }
      let undecided = try check(function, logits, 1, function.hasTarget ? targets : [], in: format)
      // e^-600 to e^-746 is left open in float64.
      #expect((3..<60).contains(undecided))
    }
  }

  @Test(arguments: [LossFunction.crossEntropy, .crossEntropyGradient], [2, 10, 130])
  func `of labels that are no classes are left open`(function: LossFunction, classCount: Int) throws
  {
    let tier = try #require(FloatBulkTier(function, in: .float32))
    let labels: [Int32] = [0, -1, 1, Int32(classCount), .max, .min, 0, 1, 1, -7, 0]
    let logits = (0..<labels.count * classCount).map { Float($0 % 7) }
    let outputCount = function.hasOutputPerClass ? classCount : 1
    var outputs = [Float](repeating: 0, count: labels.count * outputCount)
    let isDecided = outputs.withUnsafeMutableBufferPointer { outputs in
      logits.withUnsafeBufferPointer { logits in
        labels.withUnsafeBufferPointer {
          tier.fill(
            outputs, logits: logits, classCount: classCount, targets: BulkTargets(labels: $0))
        }
      }
    }
    #expect(!isDecided)
    for i in outputs.indices {
      #expect(outputs[i].isNaN == !(0...1).contains(labels[i / outputCount]))
    }
  }

  @Test func `do not depend on the number of threads`() throws {
    var choices = TestSeed.choices("bulk, threads")
    for format in [FloatFormat.float32, .float64] {
      let logits = Self.rows(10, count: 999, in: format, &choices)
      let one = try Self.fill(.softmax, logits, 10, [], in: format)
      let three = try Self.fill(.softmax, logits, 10, [], in: format, threadCount: 3)
      #expect(one == three)
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

  @Test(arguments: [LossFunction.softmax, .logSoftmax, .crossEntropyGradient])
  func `of long rows do not depend on classes that add nothing`(function: LossFunction) throws {
    let (classCount, padding) = (300, RowTier.keptClassCount)
    for format in [FloatFormat.bfloat16, .float32, .float64] {
      var choices = TestSeed.choices("bulk, long \(function) \(format.name)")
      let row = Self.rows(classCount, count: 3, in: format, &choices).suffix(classCount)
      let far = [Double](
        repeating: format.rounded(FloatValue(-3e4), .nearestEven).double, count: padding)
      // What counts stands astride the blocks of the long row, and at its end.
      for label in [0, 17, classCount - 1] {
        let targets = function.hasTarget ? [Int32(label)] : []
        let (short, _) = try Self.fill(function, Array(row), classCount, targets, in: format)
        for front in [padding, 900] {
          let long = far[..<front] + row + far[front...]
          let (values, undecided) = try Self.fill(
            function, Array(long), long.count, targets.map { $0 + Int32(front) }, in: format)
          #expect(undecided == 0)
          #expect(Array(values[front..<front + classCount]) == short, "\(format) \(label) \(front)")
          if function != .logSoftmax { #expect(values[..<front].allSatisfy { $0 == 0 }) }
        }
      }
    }
  }

  @Test(arguments: [(LossFunction.softplus, 1, 1 << 17), (.crossEntropy, 150, 1500)])
  func `of float64 are those of more bits, where the first try leaves one and where not`(
    function: LossFunction, classCount: Int, rowCount: Int
  ) throws {
    var choices = TestSeed.choices("bulk, first try of \(function)")
    let logits = (0..<rowCount * classCount).map { _ in
      Double(choices.bits() >> 11) * 0x1p-53 * 40 - 20
    }
    let targets = function.hasTarget ? (0..<rowCount).map { Int32($0 % classCount) } : []
    let (values, undecided) = try Self.fill(function, logits, classCount, targets, in: .float64)
    var rows = LossRows(
      .float64, classCount: classCount, targetKind: function.hasTarget ? .index : .none)
    for row in 0..<rowCount {
      rows.append(
        LossInput(
          logits: logits[row * classCount..<(row + 1) * classCount].map { FloatValue($0) },
          target: function.hasTarget ? .index(Int(targets[row])) : .none))
    }
    #expect(undecided == 0)
    let certified = try Reference().evaluate(function, rows, in: .float64)
    for row in 0..<rowCount {
      #expect(FloatValue(values[row]) == certified[row].value, "\(row)")
    }
  }

  /// Values so near to midpoints that the first try would round them wrongly if its error were that of more bits.
  @Test(arguments: [2, 10, 130, 300])
  func `of float64 logarithms are those of more bits where the first try leaves them`(
    classCount: Int
  ) throws {
    let pairs = [
      [0x1.78d9p+0, -0x1.83c548p+1], [-0x1.eeebdp+1, -0x1.238b8p-3],
      [0x1.1bcfdp+1, -0x1.fd625p+1],
    ]
    let far = [Double](repeating: -3e4, count: classCount - 2)
    #expect(
      try check(.logSoftmax, pairs.flatMap { $0 + far }, classCount, [], in: .float64) == 0)
  }

  @Test func `of labels that are no classes are refused`() throws {
    for (function, label) in [(LossFunction.crossEntropy, 2 as Int32), (.binaryCrossEntropy, -1)] {
      let classCount = function.isBinary ? 1 : 2
      for format in Self.formats {
        #expect(throws: ReferenceError.self) {
          try Self.fill(function, [0, 1].suffix(classCount), classCount, [label], in: format)
        }
      }
    }
  }
}
