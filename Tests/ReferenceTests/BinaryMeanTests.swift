import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

@Suite struct `Means and sums of binary losses` {
  private static let inputs = [InputKind.logits, .probabilities]

  /// A logit or a probability, with the rare number that has no finite loss, and the one that is none at all.
  private static func number(
    _ input: InputKind, in format: FloatFormat, isFinite: Bool, _ choices: inout ChoiceSource
  ) -> FloatValue {
    let unit = choices.unitInterval()
    let number: Double
    switch (choices.integer(in: 0...9), input) {
    case (0, .logits): number = (unit - 0.5) * 2000
    case (1, .logits) where !isFinite: number = [Double.infinity, -.infinity, .nan][Int(unit * 3)]
    case (_, .logits): number = (unit - 0.5) * 30
    case (0, _): number = Double(sign: .plus, exponent: -1 - Int(unit * 120), significand: 1)
    case (1, _) where !isFinite: number = [0, 1, Double.nan][Int(unit * 3)]
    default: number = 0.0625 + unit / 2
    }
    return format.rounded(FloatValue(number), .towardZero)
  }

  private static func rows(
    _ input: InputKind, _ format: FloatFormat, count: Int, isFinite: Bool,
    _ choices: inout ChoiceSource
  ) -> LossRows {
    var rows = LossRows(format, classCount: 1, targetKind: .probabilities)
    let kind = choices.integer(in: 0...2)
    for _ in 0..<count {
      let hard = Double(choices.integer(in: 0...1))
      let soft = kind == 0 || kind == 1 && choices.integer(in: 0...1) == 0
      // A square has bits of which 1 − y loses some.
      let unit = choices.unitInterval()
      let target = soft ? unit * unit : hard
      rows.append(
        LossInput(
          logits: [number(input, in: format, isFinite: isFinite, &choices)],
          target: .probabilities([format.rounded(FloatValue(target), .towardZero)])))
    }
    return rows
  }

  private static func options(_ input: InputKind) -> LossOptions {
    var options = LossOptions()
    if input != .logits { options.input = input }
    return options
  }

  @Test(arguments: inputs, [FloatFormat.float64, .float32, .float16, .bfloat16])
  func `are MPFR's, infinite and NaN ones too`(_ input: InputKind, _ format: FloatFormat) throws {
    var choices = TestSeed.choices("binary means \(input) \(format.name)")
    let options = Self.options(input)
    for round in 0..<TestSeed.count(24) {
      let count = 1 + choices.integer(in: 0...9)
      let rows = Self.rows(input, format, count: count, isFinite: round % 3 < 2, &choices)
      let output = [format, .float32, .float16, .float64][round % 4]
      let direction = RoundingDirection.allCases[round / 4 % 4]
      for reduction in [Reduction.mean, .sum] {
        let fast = try Reference().evaluate(
          .binaryCrossEntropy, batch: rows, reduction: reduction, options: options, in: output,
          rounding: direction)
        let slow = try Reference(usesFastTier: false).evaluate(
          .binaryCrossEntropy, batch: rows, reduction: reduction, options: options, in: output,
          rounding: direction)
        #expect(
          fast.values[0] == slow.values[0] || fast.values[0].isNaN && slow.values[0].isNaN,
          "\(reduction) \(output.name) \(direction) \(rows.logits.doubles) \(rows.probabilities.doubles)"
        )
      }
    }
  }

  @Test(arguments: inputs)
  func `of many rows lie in the sums that double arithmetic makes of them`(
    _ input: InputKind
  ) throws {
    var choices = TestSeed.choices("binary sums \(input)")
    let rows = Self.rows(input, .float32, count: 1500, isFinite: true, &choices)
    let options = Self.options(input)
    let numbers = rows.logits.doubles.map { Float($0) }
    let targets = rows.probabilities.doubles.map { Float($0) }
    let sum = try #require(
      BinaryLossSum(.binaryCrossEntropy, options, from: .float32, to: .float32))
    let ball = try #require(
      numbers.withUnsafeBufferPointer { numbers in
        targets.withUnsafeBufferPointer { sum.sum(numbers, $0) }
      })
    var exact = BigFloat(0)
    for value in try Reference(usesFastTier: false).evaluate(
      .binaryCrossEntropy, rows, options: options, in: .float64
    ).values.doubles {
      exact = .exactSum(exact, BigFloat(FloatValue(value)))
    }
    // The losses are rounded to float64, each by at most 2⁻⁵³ of itself.
    let difference = BigFloat.exactDifference(
      exact, .exactSum(BigFloat(FloatValue(ball.high)), BigFloat(FloatValue(ball.low))))
    #expect(difference.double.magnitude <= ball.error + ball.high * 0x1p-53)
    #expect(ball.error < ball.high * 0x1p-46)
    let other = try #require(sum.sum(rows))
    #expect(other.high == ball.high && other.low == ball.low && other.error == ball.error)
  }

  @Test func `of float64 lie in the sums that pairs make of them`() throws {
    var choices = TestSeed.choices("binary sums in pairs")
    let sum = try #require(WideBinaryLossSum(.binaryCrossEntropy, LossOptions(), from: .float64))
    for _ in 0..<6 {
      let rows = Self.rows(.logits, .float64, count: 40, isFinite: true, &choices)
      let ball = try #require(
        rows.logits.doubles.withUnsafeBufferPointer { logits in
          rows.probabilities.doubles.withUnsafeBufferPointer { sum.sum(logits, $0) }
        })
      #expect(ball.error < ball.high * 0x1p-79)
      let wide = try #require(FloatFormat(named: "e15m112"))
      let exact = try Reference(usesFastTier: false).evaluate(
        .binaryCrossEntropy, batch: rows, reduction: .sum, options: LossOptions(), in: wide)[0]
      let difference = BigFloat.exactDifference(
        BigFloat(exact.value),
        .exactSum(BigFloat(FloatValue(ball.high)), BigFloat(FloatValue(ball.low))))
      #expect(difference.double.magnitude <= ball.error)
    }
  }

  @Test func `have gradients that in bulk of float64 are MPFR's`() throws {
    var choices = TestSeed.choices("gradients of binary means in float64")
    let function = LossFunction.binaryCrossEntropyGradient
    for round in 0..<TestSeed.count(8) {
      let rows = Self.rows(
        .logits, .float64, count: 3 + 20 * round, isFinite: round % 2 == 0, &choices)
      let (numbers, targets) = (rows.logits.doubles, rows.probabilities.doubles)
      var values = [Double](repeating: 7, count: numbers.count)
      let isServed = try values.withUnsafeMutableBufferPointer { values in
        try numbers.withUnsafeBufferPointer { numbers in
          try targets.withUnsafeBufferPointer {
            try Reference().fill(
              values, function, of: MeanParts(LossOptions(), over: rows), logits: numbers,
              targets: $0, threadCount: 1)
          }
        }
      }
      #expect(isServed)
      let slow = try Reference(usesFastTier: false).evaluate(
        function, batch: rows, reduction: .mean, options: LossOptions(), in: .float64)
      for (place, exact) in slow.values.doubles.enumerated() {
        let value = values[place]
        #expect(
          value == exact && value.sign == exact.sign || value.isNaN && exact.isNaN,
          "\(numbers[place]) \(targets[place]) of \(rows.count)")
      }
    }
  }

  @Test(arguments: inputs)
  func `have gradients that in bulk are MPFR's`(_ input: InputKind) throws {
    var choices = TestSeed.choices("gradients of binary means \(input)")
    let options = Self.options(input)
    let function = LossFunction.binaryCrossEntropyGradient
    for round in 0..<TestSeed.count(8) {
      let rows = Self.rows(
        input, .float32, count: 3 + 20 * round, isFinite: round % 2 == 0, &choices)
      let numbers = rows.logits.doubles.map { Float($0) }
      let targets = rows.probabilities.doubles.map { Float($0) }
      var values = [Float](repeating: 7, count: numbers.count)
      let isServed = try values.withUnsafeMutableBufferPointer { values in
        try numbers.withUnsafeBufferPointer { numbers in
          try targets.withUnsafeBufferPointer {
            try Reference().fill(
              values, function, of: MeanParts(options, over: rows), logits: numbers, targets: $0,
              threadCount: 1)
          }
        }
      }
      #expect(isServed)
      let slow = try Reference(usesFastTier: false).evaluate(
        function, batch: rows, reduction: .mean, options: options, in: .float32)
      for (place, exact) in slow.values.doubles.enumerated() {
        let value = Double(values[place])
        #expect(
          value == exact && value.sign == exact.sign || value.isNaN && exact.isNaN,
          "\(rows.logits.doubles[place]) \(rows.probabilities.doubles[place]) of \(rows.count)")
      }
    }
  }
}
