import FloatFormats
import LossFunctions
import Losses
import Testing

@Suite struct `Built-in implementations` {
  @Test func `have names that are unique within a function`() {
    for function in LossFunction.allCases {
      let names = Implementations.all.filter { $0.function == function }.map(\.name)
      #expect(Set(names).count == names.count && !names.isEmpty, "\(function)")
    }
  }

  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `come within a hundredth of the value at ordinary logits`(format: FloatFormat) throws {
    // (0, log 2): softmax is (1/3, 2/3); σ(log 2) = 2/3.
    let z = format.value(decimal: "0.6931471805599453") ?? .nan
    let log2 = 0.6931471805599453
    let log3 = 1.0986122886681098
    let expected: [LossFunction: [Double]] = [
      .sigmoid: [2 / 3.0], .logSigmoid: [log2 - log3], .softplus: [log3], .logSumExp: [log3],
      .softmax: [1 / 3.0, 2 / 3.0], .logSoftmax: [-log3, log2 - log3],
      .binaryCrossEntropy: [log3], .binaryCrossEntropyGradient: [2 / 3.0],
      .crossEntropy: [log3], .crossEntropyGradient: [-2 / 3.0, 2 / 3.0],
      .sigmoidGradient: [2 / 9.0], .logSigmoidGradient: [1 / 3.0], .softplusGradient: [2 / 3.0],
      .logSumExpGradient: [1 / 3.0, 2 / 3.0], .softmaxGradient: [2 / 9.0, -2 / 9.0],
      .logSoftmaxGradient: [2 / 3.0, -2 / 3.0],
      .shardPartials: [log2, 1.5, 0], .mergedCrossEntropy: [0],
      // Beside the two halves of equal target logits.
      .entropy: [0.6365141682948129], .entropyGradient: [0.1540327067910990, -0.1540327067910990],
      .klDivergence: [0.0588915178281917], .klDivergenceGradient: [-1 / 6.0, 1 / 6.0],
      .jsDivergence: [0.0143626], .jsDivergenceGradient: [-0.0396306, 0.0396306],
    ]
    for implementation in Implementations.all
    where implementation.options(classCount: 2) == LossOptions() {
      let function = implementation.function
      // Accumulation in float32 is for the 16-bit formats only.
      if implementation is Float32Accumulation, format.precision > 11 { continue }
      let target: Target =
        function.comparesLogits
        ? .logits([.zero, .zero])
        : !function.hasTarget ? .none : function.isBinary ? .probabilities([.zero]) : .index(0)
      let count = function.gradOutputCount(classCount: function.isBinary ? 1 : 2)
      let input = LossInput(
        logits: function.isBinary ? [z] : [.zero, z], target: target,
        gradOutput: (0..<count).map { $0 == 0 ? .one : .zero })
      let outputs = try #require(implementation.evaluate(input, in: format)).map(\.double)
      let exact = try #require(expected[function])
      #expect(outputs.count == exact.count)
      for (output, value) in zip(outputs, exact) {
        #expect(abs(output - value) < 0.01, "\(implementation.name) \(function)")
      }
    }
  }

  @Test func `decline what they cannot compute`() {
    let soft = LossInput(logits: [.zero, .one], target: .probabilities([.zero, .one]))
    let outside = LossInput(logits: [.zero, .one], target: .index(2))
    #expect(LogSumExpCrossEntropy().evaluate(soft, in: .float32) == nil)
    #expect(Float32Accumulation(LogitsCrossEntropy()).evaluate(soft, in: .float32) == nil)
    #expect(LogitsCrossEntropy().evaluate(outside, in: .float32) == nil)
    #expect(
      LogitsCrossEntropy().evaluate(LossInput(logits: [], target: .index(0)), in: .float32) == nil)
    #expect(StableSoftplus().evaluate(LossInput(logits: [.one]), in: .float8E5M2) == nil)
  }

  @Test func `the naive binary loss is 0 at the forum example, or NaN where p is`() {
    let loss = NaiveBinaryCrossEntropy()
    #expect(loss.value(logit: -305.8, target: 0.0) == 0)
    #expect(loss.value(logit: Float(-305.8), target: 0).isNaN)
    #expect(loss.value(logit: Float(20), target: 0) == .infinity)
    #expect(LogitsBinaryCrossEntropy().value(logit: -305.8, target: 0.0) > 1e-133)
  }

  @Test func `the naive categorical loss overflows where the logit form does not`() {
    let naive = NaiveCrossEntropy().outputs(logits: [Float(1000), 0], label: 0)
    let logits = LogitsCrossEntropy().outputs(logits: [Float(1000), 0], label: 0)
    #expect(naive[0].isNaN && logits == [0])
    #expect(NaiveCrossEntropy().outputs(logits: [Float(0), 104], label: 0) == [.infinity])
    #expect(LogitsCrossEntropy().outputs(logits: [Float(0), 104], label: 0) == [104])
  }

  @Test func `the usual logit form loses a small loss, as this suite says it does`() {
    #expect(LogitsCrossEntropy().outputs(logits: [Float(50), 0], label: 0) == [0])
    #expect(FusedCrossEntropyGradient().outputs(logits: [Float(50), 0], label: 0)[0] == 0)
  }

  @Test func `the chained gradient of a confident mistake is NaN where the fused one is right`() {
    let chained = ChainCrossEntropyGradient().outputs(logits: [Float(-200), 0], label: 0)
    #expect(chained.allSatisfy { $0.isNaN })
    #expect(FusedCrossEntropyGradient().outputs(logits: [Float(-200), 0], label: 0) == [-1, 1])
  }
}
