import FloatFormats
import LossFunctions
import Losses
import Multiprecision
import Reference
import TestSupport
import Testing

@Suite struct `The practical forms` {
  @Test(arguments: [(70_000, 0.25), (66_000, 0.0)])
  func `take rows whose sums pass 65,504 in float16`(
    classCount: Int, spread: Double
  ) throws {
    let logits = (0..<classCount).map { index in
      FloatFormat.float16.rounded(FloatValue(spread * Double(index % 9) - 1), .nearestEven)
    }
    let functions: [LossFunction] = [
      .logSumExp, .logSoftmax, .softmax, .crossEntropy, .crossEntropyGradient,
    ]
    for function in functions {
      for label in function.hasTarget && spread > 0 ? [0, 8] : [8] {
        let input = LossInput(logits: logits, target: function.hasTarget ? .index(label) : .none)
        let practical = try #require(PracticalCategorical(function))
        let values = try #require(practical.evaluate(input, in: .float16))
        let exact = try Reference().evaluate(function, input, in: .float16)
        #expect(values.count == exact.count)
        for index in [0, 1, label, exact.count - 1] where index < exact.count {
          let certified = exact[index]
          let approximation = try #require(certified.approximation)
          let distance = values[index].double - approximation.double
          let ulp = Double(sign: .plus, exponent: certified.ulpExponent, significand: 1)
          #expect(distance.magnitude <= 2 * ulp, "\(function) \(index): \(values[index])")
        }
      }
    }
  }
}
