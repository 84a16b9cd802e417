import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

@Suite struct `The hardest inputs` {
  struct Subject: Sendable {
    let function: LossFunction
    let format: FloatFormat
    /// So many inputs of the family lie within 2^−bits ulp.
    let bits: Int
    let hardCount: Int
  }

  /// The counts are those of a program that takes the table's inputs and their negatives to mpmath.
  @Test(arguments: [
    Subject(function: .softplus, format: .float32, bits: 30, hardCount: 4),
    Subject(function: .sigmoid, format: .float32, bits: 30, hardCount: 4),
    Subject(function: .softplus, format: .float64, bits: 46, hardCount: 19),
    Subject(function: .sigmoid, format: .float64, bits: 46, hardCount: 15),
    Subject(function: .crossEntropy, format: .bfloat16, bits: 38, hardCount: 11),
    Subject(function: .crossEntropyGradient, format: .bfloat16, bits: 30, hardCount: 1),
  ])
  func `lie near where rounding turns, and are rounded to the right side`(
    subject: Subject
  ) throws {
    let (function, format) = (subject.function, subject.format)
    let shape = CaseShape(function: function, format: format, classCount: 2)
    let wide = try #require(FloatFormat(named: "e15m112"))
    // Its numbers are those of the format, and the middles of two.
    let breakpoints = try #require(
      FloatFormat(named: "e\(format.exponentBitCount)m\(format.fractionBitCount + 1)"))
    let count = try #require(Family.hardestToRound.caseCount(shape))
    var hardCount = 0
    for index in 0..<count {
      let input = Family.hardestToRound.input(shape, seed: 1, index: index)
      let exact = try Reference().evaluate(function, input, in: wide)[0].value
      let nearest = breakpoints.rounded(exact, .nearestEven)
      let distance = exact.adding(nearest.negated, scaledByPowerOfTwo: 0).magnitude
      let ulpExponent = try #require(exact.binaryExponent) - format.fractionBitCount
      if distance.scaled(byPowerOfTwo: subject.bits - ulpExponent).double <= 1 { hardCount += 1 }
      for direction in RoundingDirection.allCases {
        let value = try Reference().evaluate(function, input, in: format, rounding: direction)[0]
        #expect(value.value == format.rounded(exact, direction))
      }
    }
    #expect(hardCount == subject.hardCount)
  }

  @Test func `are the same for two classes that differ by the logit`() throws {
    for format in [FloatFormat.float32, .float64] {
      let pairs = CaseShape(function: .crossEntropy, format: format, classCount: 2)
      let logits = CaseShape(function: .softplus, format: format, classCount: 1)
      for index in 0..<(try #require(Family.hardestToRound.caseCount(logits))) {
        let pair = Family.hardestToRound.input(pairs, seed: 1, index: index)
        let logit = Family.hardestToRound.input(logits, seed: 1, index: index)
        #expect(
          try Reference().evaluate(.crossEntropy, pair, in: format)[0].value
            == Reference().evaluate(.softplus, logit, in: format)[0].value)
      }
    }
  }

  @Test func `of bfloat16 are pairs alone, and of float16 there are none`() {
    func shape(_ function: LossFunction, _ format: FloatFormat) -> CaseShape {
      CaseShape(function: function, format: format, classCount: 2)
    }
    #expect(!Family.hardestToRound.suits(shape(.softplus, .bfloat16)))
    #expect(Family.hardestToRound.caseCount(shape(.crossEntropy, .bfloat16)) == 24)
    #expect(!Family.hardestToRound.suits(shape(.crossEntropy, .float16)))
  }
}
