import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

/// Derivatives, distributions and shards with a scale, a cap, biases and a temperature before them, by both tiers.
@Suite struct `What stands before rows` {
  private static let functions = LossFunction.allCases.filter {
    $0.isDerivative || $0.isOfDistributions || $0 == .shardPartials
  }

  private static func options(_ classCount: Int) -> [LossOptions] {
    func with(_ change: (inout LossOptions) -> Void) -> LossOptions {
      var options = LossOptions()
      change(&options)
      return options
    }
    return [
      with { $0.scale = FloatValue(0.3) }, with { $0.softcap = FloatValue(2.5) },
      with { $0.logitBias = (0..<classCount).map { FloatValue(Double($0) - 0.1) } },
      with {
        $0.scale = FloatValue(4)
        $0.temperature = FloatValue(0.3)
      },
      with {
        $0.softcap = FloatValue(30)
        $0.scale = FloatValue(1.5)
        $0.logitBias = (0..<classCount).map { FloatValue(Double($0 % 2) / 4) }
        $0.temperature = FloatValue(2)
      },
    ]
  }

  private static func row(
    _ function: LossFunction, in format: FloatFormat, _ index: Int, _ choices: inout ChoiceSource
  ) -> LossInput {
    let classCount = function.isBinary ? 1 : 5
    let scale = [1, 20, 0x1p-9, 300, 6][index % 5]
    func number(_ scale: Double) -> FloatValue {
      format.rounded(FloatValue((2 * choices.unitInterval() - 1) * scale), .nearestEven)
    }
    var logits = (0..<classCount).map { _ in number(scale) }
    // Ties, and rows of one number.
    if index % 6 == 5 { logits = logits.map { _ in logits[0] } }
    if index % 6 == 4 { logits[classCount - 1] = logits[0] }
    let target: Target =
      if function.comparesLogits {
        .logits(logits.map { index % 3 == 0 ? format.nextUp($0) : number(scale) })
      } else if function.hasTarget {
        function.isBinary ? .probabilities([number(1).magnitude]) : .index(index % classCount)
      } else { .none }
    let shared = number(2)
    return LossInput(
      logits: logits, target: target,
      gradOutput: (0..<function.gradOutputCount(classCount: classCount)).map { _ in
        index % 4 == 0 ? shared : number(2)
      })
  }

  /// To nearest, and one of the other directions in turn; all of them where `LOSS_ORACLE_CASES` asks for more.
  private static func directions(
    _ function: LossFunction, _ format: FloatFormat, _ index: Int
  ) -> [RoundingDirection] {
    if TestSeed.count(0) > 0 { return RoundingDirection.allCases }
    let others = RoundingDirection.allCases.filter { $0 != .nearestEven }
    let place = (functions.firstIndex(of: function) ?? 0) + format.precision + index
    return [.nearestEven, others[place % others.count]]
  }

  @Test(arguments: functions, [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `is known to the same bits by both tiers, in all directions`(
    _ function: LossFunction, _ format: FloatFormat
  ) throws {
    var choices = TestSeed.choices("before rows \(function) \(format)")
    let inputs = (0..<TestSeed.count(12)).map { Self.row(function, in: format, $0, &choices) }
    let rows = inputs.batches(in: format)[0].rows
    for (index, options) in Self.options(rows.classCount).enumerated() {
      for direction in Self.directions(function, format, index) {
        let fast = try Reference().evaluate(
          function, rows, options: options, in: format, rounding: direction)
        let exact = try Reference(usesFastTier: false).evaluate(
          function, rows, options: options, in: format, rounding: direction)
        #expect(fast.undecided.isEmpty && exact.undecided.isEmpty)
        // Of one logit a cap, and what is no double, are MPFR's.
        if !function.isBinary {
          #expect(
            fast.slowRowCount <= rows.count / 2,
            "\(options.present) \(direction): \(fast.slowRowCount) of \(rows.count)")
        }
        for place in 0..<rows.count * fast.outputsPerRow {
          let (a, b) = (fast[place], exact[place])
          let row = rows[place / fast.outputsPerRow]
          #expect(
            a.value == b.value && a.ulpExponent == b.ulpExponent
              && (a.ground == b.ground || b.ground == .unsettled),
            "\(options.present) \(direction) \(row.logits.map(\.hexadecimal)) \(row.target) \(row.gradOutput), output \(place)"
          )
        }
      }
    }
  }

  @Test func `lifts what is next to nothing where it is a great scale`() throws {
    let scale = 0x1p400
    var options = LossOptions()
    options.scale = FloatValue(scale)
    // Both classes have e^−780 = 2^−1125, and their difference times the scale is a normal number.
    let input = LossInput(
      logits: [.zero, FloatValue(-780 / scale)],
      target: .logits([.zero, FloatValue(-(780 + 0x1p-30) / scale)]))
    let fast = try Reference().evaluate(
      .klDivergenceGradient, input, options: options, in: .float64)
    let exact = try Reference(usesFastTier: false).evaluate(
      .klDivergenceGradient, input, options: options, in: .float64)
    #expect(fast.map(\.value) == exact.map(\.value))
    #expect(fast.allSatisfy { !$0.value.isZero })
  }
}
