import Cases
import FloatFormats
import Foundation
import LossFunctions
import Losses
import Multiprecision
import TestSupport
import Testing

@Suite struct `The faithful forms` {
  static let functions = LossFunction.allCases.filter {
    $0.isBinary && $0.gradOutputKind == .none && !$0.isOfShards
  }

  private static func logits(_ choices: inout ChoiceSource) -> [Float] {
    var logits: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, 0x1p100, -0x1p127, 699, -701, 801, -950, 104, -0x1p-149,
    ]
    for _ in 0..<TestSeed.count(2000) {
      logits.append(Float(choices.finiteValue(of: .float32).double))
      logits.append(Float(choices.normalValue(of: .float32, scale: 20).double))
    }
    return logits
  }

  /// Holds the values of many logits, most from the quick phase, against the accurate phase's.
  private func check(_ form: FaithfulBinary, _ logits: [Float], target: Float) throws {
    let column = NumberColumn(.float32, doubles: logits.map { Double($0) })
    let targets = [Double](repeating: Double(target), count: logits.count)
    let rows = LossRows(
      classCount: 1, logits: column, probabilities: NumberColumn(.float32, doubles: targets))
    let values = try #require(form.evaluate(rows, withBounds: false)).values.doubles
    for (logit, value) in zip(logits, values) {
      let alone = Double(Float(form.value(logit: Double(logit), target: Double(target), .odd)))
      let context = "\(form.function) of \(logit), \(target): \(value), not \(alone)"
      #expect(
        value.bitPattern == alone.bitPattern || (value.isNaN && alone.isNaN), "\(context)")
      #expect(value.isNaN == logit.isNaN, "\(context)")
    }
  }

  @Test(arguments: functions, [0, 1, 0.3, 0.999] as [Float])
  func `have the same values in the quick phase as in the accurate one`(
    function: LossFunction, target: Float
  ) throws {
    var choices = TestSeed.choices("faithful \(function) \(target)")
    try check(
      #require(FaithfulBinary(function)), Self.logits(&choices), target: target)
  }

  @Test(
    arguments: LossFunction.allCases.filter {
      !$0.isBinary && $0.gradOutputKind == .none && !$0.isOfShards && !$0.isOfDistributions
    })
  func `have the same values of rows in the quick phase as in the accurate one`(
    function: LossFunction
  ) throws {
    let form = try #require(FaithfulCategorical(function))
    var choices = TestSeed.choices("faithful rows of \(function)")
    for format in [FloatFormat.float16, .bfloat16, .float32] {
      for index in 0..<TestSeed.count(300) {
        let count = choices.integer(in: 1...9)
        let scale = [0.01, 3, 30, 900][index % 4]
        let logits = (0..<count).map { _ in choices.normalValue(of: format, scale: scale).double }
        // Targets near the probabilities, or up to a count, or one of 1: gradients cancel, or do not.
        let label = choices.integer(in: 0...count - 1)
        let sum = logits.reduce(0) { $0 + exp($1) }
        let target = logits.indices.map { i in
          let share = [exp(logits[i]) / sum, Double(i) / 4, i == label ? 1 : 0][index % 3]
          return share.isFinite ? format.rounded(FloatValue(share), .nearestEven).double : 0
        }
        let rows = LossRows(
          classCount: count, logits: NumberColumn(format, doubles: logits),
          probabilities: function.hasTarget ? NumberColumn(format, doubles: target) : nil)
        let values = try #require(form.evaluate(rows, withBounds: false)).values.doubles
        let accurate = form.values(logits: logits, target: target, .odd).map {
          format.rounded(FloatValue($0), .nearestEven).double
        }
        #expect(
          values.map(\.bitPattern) == accurate.map(\.bitPattern),
          "\(function) of \(logits), \(target) in \(format): \(values), not \(accurate)")
      }
    }
  }

  @Test func `keep the digits of gradients that cancel`() throws {
    let form = try #require(FaithfulBinary(.binaryCrossEntropyGradient))
    var choices = TestSeed.choices("faithful gradients that cancel")
    for _ in 0..<TestSeed.count(300) {
      let target = Float(choices.bits() >> 41) * 0x1p-23 * 0.8 + 0.1
      let turning = log(target / (1 - target))
      try check(form, [turning.nextDown, turning, turning.nextUp], target: target)
    }
  }

  @Test(arguments: [false, true])
  func `round once where the tail lies above a midpoint`(isGreatest: Bool) throws {
    // d = 64.03125 is a midpoint of float16, and 2^120 + 2^112 one of bfloat16.
    let pairs: [(FloatFormat, Float, Float, Float)] = [
      (.float16, -0x1p-4, 0x1.ffcp+5, 0x1.004p+6), (.bfloat16, -0x1p+112, 0x1p+120, 0x1.02p+120),
    ]
    for (format, label, other, expected) in pairs {
      let form = try #require(FaithfulCategorical(.crossEntropy))
      let logits = isGreatest ? [other, label] : [label, other]
      let input = LossInput(
        logits: logits.map { FloatValue($0) }, target: .index(isGreatest ? 1 : 0))
      #expect(form.evaluate(input, in: format) == [FloatValue(expected)])
    }
  }

  @Test(arguments: [750, 1000, 0x1p120] as [Float])
  func `have the sign of what underflows`(logit: Float) throws {
    let sigmoid = try #require(FaithfulBinary(.sigmoid))
    #expect(sigmoid.value(logit: -Double(logit), target: 0).sign == .plus)
    let binary = try #require(FaithfulBinary(.binaryCrossEntropyGradient))
    #expect(binary.value(logit: Double(logit), target: 1).sign == .minus)
    #expect(binary.value(logit: -Double(logit), target: 0).sign == .plus)
    let row = try #require(FaithfulCategorical(.crossEntropyGradient))
    let gradient = row.values(logits: [Double(logit), 0], target: [1, 0])
    #expect(gradient.map(\.sign) == [.minus, .plus])
  }
}
