import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

@Suite struct `The hardest inputs` {
  /// |z| of the family, each with the function that is hard there for z or −z.
  @Test(arguments: [LossFunction.softplus, .sigmoid])
  func `lie within 2^-30 ulp of where rounding turns, and are rounded to the right side`(
    function: LossFunction
  ) throws {
    let shape = CaseShape(function: function, format: .float32, classCount: 1)
    let wide = try #require(FloatFormat(named: "e15m112"))
    let count = try #require(Family.hardestToRound.caseCount(shape))
    var hardCount = 0
    for index in 0..<count {
      let input = Family.hardestToRound.input(shape, seed: 1, index: index)
      let exact = try Reference().evaluate(function, input, in: wide)[0].value
      let half = Double(exact.double.exponent - 24)
      // Half ulps of float32 are whole numbers here, and 2⁻²⁹ of one counts.
      let scaled = exact.scaled(byPowerOfTwo: -Int(half))
      let rest = scaled.adding(
        FloatValue(-scaled.double.rounded()), scaledByPowerOfTwo: 0
      ).magnitude.double
      if rest < 0x1p-29 { hardCount += 1 }
      for direction in RoundingDirection.allCases {
        let value = try Reference().evaluate(function, input, in: .float32, rounding: direction)[0]
        #expect(value.value == FloatFormat.float32.rounded(exact, direction))
      }
    }
    #expect(hardCount == 4)
  }

  @Test func `are the same for two classes that differ by the logit`() throws {
    let pairs = CaseShape(function: .crossEntropy, format: .float32, classCount: 2)
    let logits = CaseShape(function: .softplus, format: .float32, classCount: 1)
    for index in 0..<12 {
      let pair = Family.hardestToRound.input(pairs, seed: 1, index: index)
      let logit = Family.hardestToRound.input(logits, seed: 1, index: index)
      #expect(
        try Reference().evaluate(.crossEntropy, pair, in: .float32)[0].value
          == Reference().evaluate(.softplus, logit, in: .float32)[0].value)
    }
  }
}
