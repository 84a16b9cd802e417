import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `Values of probabilities by double-double arithmetic` {
  private static let functions: [LossFunction] = [
    .binaryCrossEntropy, .binaryCrossEntropyGradient, .crossEntropy, .crossEntropyGradient,
  ]
  private static let formats: [FloatFormat] = [
    .float16, .bfloat16, .float32, .float64, .float8E4M3FN, .float8E5M2,
  ]

  /// A probability: any, next to an end, of any binade, or an end; or the logarithm of one.
  private static func number(
    _ input: InputKind, in format: FloatFormat, _ choices: inout ChoiceSource
  ) -> FloatValue {
    let unit = choices.unitInterval()
    let p =
      switch choices.integer(in: 0...5) {
      case 0: 1 - Double(choices.integer(in: 0...5)) * format.unitRoundoff
      case 1: Double(sign: .plus, exponent: -choices.integer(in: 0...1080), significand: 1 + unit)
      case 2: 0.5 + (unit - 0.5) * 0x1p-20
      case 3: [0.0, 1, 0.5, 0.25][choices.integer(in: 0...3)]
      default: unit
      }
    let probability = min(max(p, 0), 1)
    guard input == .logProbabilities else {
      return format.rounded(FloatValue(probability), .towardZero)
    }
    let logarithm = choices.integer(in: 0...3) == 0 ? -unit * 700 : log(probability)
    return format.rounded(FloatValue(logarithm), .towardZero)
  }

  @Test func `keep the sign of exact numbers that underflow`() throws {
    var options = LossOptions()
    options.input = .logProbabilities
    let tiny = LossInput(logits: [FloatValue(-1e-10)])
    let slope = LossInput(
      logits: [.one.negated, .one.negated], target: .probabilities([FloatValue(1e-10), .zero]))
    let fast = Reference()
    let sum = try fast.evaluate(.logSumExp, tiny, in: .float16)[0].value
    #expect(sum == .zero(isNegative: true))
    let slopes = try fast.evaluate(.crossEntropyGradient, slope, options: options, in: .float16)
    #expect(slopes.map(\.value) == [.zero(isNegative: true), .zero])
  }

  @Test(arguments: [FloatFormat.float32, .float64], RoundingDirection.allCases)
  func `just above a small probability are decided without MPFR`(
    _ format: FloatFormat, _ direction: RoundingDirection
  ) throws {
    var options = LossOptions()
    options.input = .probabilities
    var rows = LossRows(format, classCount: 1, targetKind: .probabilities)
    for exponent in -140 ... -105 {
      let p = FloatValue(Double(sign: .plus, exponent: exponent, significand: 1))
      rows.append(LossInput(logits: [p], target: .probabilities([.zero])))
    }
    // −log(1 − p) = p + p²/2 + …, where no enclosure in double-double arithmetic tells p from it.
    let losses = try Reference().evaluate(
      .binaryCrossEntropy, rows, options: options, in: format, rounding: direction)
    #expect(losses.slowRowCount == 0)
    for place in 0..<rows.count {
      let p = rows.logits[place]
      #expect(losses.values[place] == (direction == .up ? format.nextUp(p) : p))
    }
  }

  @Test(arguments: functions, [InputKind.probabilities, .logProbabilities])
  func `are those of MPFR, with their binades, grounds and distances`(
    _ function: LossFunction, _ input: InputKind
  ) throws {
    var options = LossOptions()
    options.input = input
    var (slowCount, rowCount) = (0, 0)
    for (position, format) in Self.formats.enumerated() {
      var choices = TestSeed.choices("probabilities \(function) \(input) \(format.name)")
      for round in 0..<TestSeed.count(8) {
        let classCount = function.isBinary ? 1 : 1 + choices.integer(in: 0...4)
        let isSoft = function.isBinary || round % 2 == 0
        var rows = LossRows(
          format, classCount: classCount, targetKind: isSoft ? .probabilities : .index)
        for _ in 0..<12 {
          let numbers = (0..<classCount).map { _ in Self.number(input, in: format, &choices) }
          let targets = (0..<classCount).map { _ -> FloatValue in
            let y = [0.0, 1, choices.unitInterval(), 0.5][choices.integer(in: 0...3)]
            return format.rounded(FloatValue(y), .towardZero)
          }
          rows.append(
            LossInput(
              logits: numbers,
              target: isSoft
                ? .probabilities(targets) : .index(choices.integer(in: 0...classCount - 1))))
        }
        let output = round % 3 == 0 ? format : Self.formats[(position + round) % 4]
        let direction = RoundingDirection.allCases[round % 4]
        let fast = try Reference().evaluate(
          function, rows, options: options, in: output, rounding: direction)
        let exact = try Reference(usesFastTier: false).evaluate(
          function, rows, options: options, in: output, rounding: direction)
        slowCount += fast.slowRowCount
        rowCount += rows.count
        for place in 0..<rows.count * fast.outputsPerRow {
          let (a, b) = (fast[place], exact[place])
          var text: String {
            let row = rows[place / fast.outputsPerRow]
            return "\(function) \(format) to \(output) \(direction) "
              + "\(row.logits.map(\.hexadecimal)) \(row.target), output \(place)"
          }
          #expect(a.value == b.value && a.ulpExponent == b.ulpExponent, "\(text)")
          #expect(a.ground == b.ground, "\(text): \(a.ground), \(b.ground)")
          guard let one = a.approximation, let other = b.approximation else { continue }
          var difference = BigFloat.exactDifference(BigFloat(one), BigFloat(other))
          difference.scale(byPowerOfTwo: -a.ulpExponent, rounding: .nearestEven)
          #expect(difference.double.magnitude <= 0x1p-14, "\(text)")
        }
      }
    }
    // Limits, ties and what is next to nothing are MPFR's; most is decided by the bounds.
    #expect(slowCount < rowCount * 3 / 4, "\(slowCount) of \(rowCount)")
  }
}
