import Cases
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Multiprecision
import Testing

@Suite struct `Flags of fixtures` {
  private struct Example: Sendable, CustomTestStringConvertible {
    let function: LossFunction
    let logits: [Double]
    var target: Target = .none
    var format = FloatFormat.float32
    let flags: Set<FixtureFlag>

    var testDescription: String { "\(function) \(logits) \(format)" }
  }

  private static let half = Target.probabilities([FloatValue(0.5)])
  private static let zero = Target.probabilities([.zero])
  private static let one = Target.probabilities([.one])

  private static let examples: [Example] = [
    Example(function: .softmax, logits: [1, 2, 3], flags: []),
    Example(function: .softmax, logits: [1, 3, 3], flags: [.tiedMaximum]),
    Example(function: .softmax, logits: [1, 1, 3], flags: []),
    // 1/4 is a number of the format, 1/3 is not.
    Example(function: .softmax, logits: [5, 5, 5, 5], flags: [.tiedMaximum, .resultIsExact]),
    Example(function: .softmax, logits: [5, 5, 5], flags: [.tiedMaximum]),
    Example(function: .logSumExp, logits: [16, 17], flags: [.commonOffset]),
    Example(function: .logSumExp, logits: [16, 17.5], flags: []),
    Example(function: .logSumExp, logits: [-16, -17], flags: [.commonOffset]),
    Example(function: .logSumExp, logits: [-16, 17], flags: [.sumRoundsToOne]),
    Example(function: .logSumExp, logits: [15, 15.5], flags: []),
    Example(function: .logSumExp, logits: [2, 0x1p-149], flags: [.subnormalLogits]),
    Example(function: .logSumExp, logits: [2, 0x1p-126], flags: []),
    Example(function: .logSumExp, logits: [2, -0.0], flags: [.negativeZero]),
    // 24 log 2 = 16.6355…, 24 log 2 + log 2 = 17.33 with two others.
    Example(function: .logSumExp, logits: [16.63, 0], flags: []),
    Example(function: .logSumExp, logits: [16.64, 0], flags: [.sumRoundsToOne]),
    Example(function: .logSumExp, logits: [17.32, 0, 0], flags: []),
    Example(function: .logSumExp, logits: [17.34, 0, 0], flags: [.sumRoundsToOne]),
    // 128 log 2 = 88.7228…, and e^−103.97 is half of 2^−149.
    Example(function: .softplus, logits: [88.72], flags: [.sumRoundsToOne]),
    Example(function: .softplus, logits: [88.73], flags: [.sumRoundsToOne, .exponentialOverflows]),
    Example(
      function: .softplus, logits: [-88.73],
      flags: [.sumRoundsToOne, .exponentialOverflows, .resultIsSubnormal]),
    Example(
      function: .softplus, logits: [-103.98],
      flags: [
        .sumRoundsToOne, .exponentialOverflows, .exponentialUnderflows, .resultUnderflows,
      ]),
    Example(
      function: .softplus, logits: [-103.96],
      flags: [.sumRoundsToOne, .exponentialOverflows, .resultIsSubnormal]),
    Example(
      function: .logSumExp, logits: [-.infinity, 1],
      flags: [.infiniteLogits, .resultIsExact]),
    Example(
      function: .logSumExp, logits: [.infinity, 1], flags: [.infiniteLogits, .resultIsInfinite]),
    Example(function: .logSumExp, logits: [.nan, 1], flags: [.nanLogits, .resultIsNaN]),
    Example(
      function: .crossEntropy, logits: [-.infinity, 1], target: .index(0),
      flags: [.infiniteLogits, .maskedTarget, .wrongPrediction, .resultIsInfinite]),
    Example(function: .crossEntropy, logits: [1, 3], target: .index(1), flags: []),
    Example(function: .crossEntropy, logits: [1, 3], target: .index(0), flags: [.wrongPrediction]),
    Example(
      function: .crossEntropy, logits: [1, 3], target: .probabilities([.one, .zero]), flags: []),
    Example(
      function: .crossEntropy, logits: [1, 3], target: .probabilities([.one, .one]),
      flags: [.softTarget]),
    Example(
      function: .crossEntropy, logits: [60000, -60000], target: .index(1), format: .float16,
      flags: [
        .sumRoundsToOne, .exponentialOverflows, .exponentialUnderflows, .wrongPrediction,
        .resultOverflows,
      ]),
    Example(function: .binaryCrossEntropy, logits: [2], target: one, flags: []),
    Example(function: .binaryCrossEntropy, logits: [2], target: zero, flags: [.wrongPrediction]),
    Example(function: .binaryCrossEntropy, logits: [-2], target: one, flags: [.wrongPrediction]),
    Example(function: .binaryCrossEntropy, logits: [2], target: half, flags: [.softTarget]),
    // σ(0) − 1/2 is 0: neither exact nor an underflow. σ(0) − 0 is 1/2.
    Example(
      function: .binaryCrossEntropyGradient, logits: [0], target: half, flags: [.softTarget]),
    Example(
      function: .binaryCrossEntropyGradient, logits: [0], target: zero, flags: [.resultIsExact]),
    // 1/2 − 2^−149 is rational, but no number of the format.
    Example(
      function: .binaryCrossEntropyGradient, logits: [0],
      target: .probabilities([FloatValue(0x1p-149)]), flags: [.softTarget]),
    // softplus(1) lies 0.4980 ulp from its rounding.
    Example(function: .softplus, logits: [1], flags: [.nearMidpoint]),
    // σ(17.328) lies 0.4997 ulp from its rounding.
    Example(function: .sigmoid, logits: [17.328], flags: [.sumRoundsToOne, .nearMidpoint]),
  ]

  @Test(arguments: examples)
  private func `say what is so, and no more`(example: Example) async throws {
    let logits = example.logits.map { example.format.rounded(FloatValue($0), .nearestEven) }
    let family = Family(name: "given", purpose: "given", suits: { _ in true }, count: 1) { _, _ in
      LossInput(logits: logits, target: example.target)
    }
    let plan = try FixturePlan(
      function: example.function, format: example.format, families: [family], caseCount: 1,
      classCount: logits.count, seed: 1)
    let text = try await plan.json(threadCount: 1)
    let file = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    let cases = try #require(file["cases"] as? [[String: Any]])
    let flags = try #require(cases.first?["flags"] as? [String])
    #expect(Set(flags) == Set(["Given"] + example.flags.map(\.rawValue)))
    let notes = try #require(file["notes"] as? [String: Any])
    #expect(Set(notes.keys) == Set(flags))
  }
}
