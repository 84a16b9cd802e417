import Cases
import FloatFormats
import LossFunctions
import Losses
import Multiprecision
import Reference
import TestSupport
import Testing
import Verification

@Suite struct `The practical and faithful forms` {
  static let formats: [FloatFormat] = [.float16, .bfloat16, .float32, .float64]
  /// Of ten classes at most, so that no sum leaves float16.
  static let families: [Family] = [.confident, .hugeMagnitude, .ties, .overflowEdge, .normal]

  /// The greatest error of an implementation over seeded cases, in ulps.
  private func greatestError(_ implementation: any Implementation, _ format: FloatFormat) throws
    -> Double
  {
    let function = implementation.function
    let shape = CaseShape(function: function, format: format, classCount: 7)
    var greatest = 0.0
    for family in Self.families {
      for index in 0..<TestSeed.count(25) {
        let input = family.input(shape, seed: TestSeed.current, index: index)
        let outputs = try #require(implementation.evaluate(input, in: format))
        let exact = try Reference().evaluate(function, input, in: format)
        #expect(outputs.count == exact.count)
        for (output, value) in zip(outputs, exact) {
          greatest = max(greatest, value.error(of: output).ulps)
        }
      }
    }
    return greatest
  }

  @Test(arguments: formats)
  func `faithful errors stay below an ulp`(format: FloatFormat) throws {
    for function in LossFunction.allCases
    where function.gradOutputKind == .none && !function.isOfShards
      && !function.isOfDistributions
    {
      let form: (any Implementation)? =
        function.isBinary ? FaithfulBinary(function) : FaithfulCategorical(function)
      #expect(try greatestError(#require(form), format) < 1, "\(function)")
    }
  }

  @Test(arguments: formats)
  func `practical losses stay below three ulps, and four for rows`(format: FloatFormat) throws {
    #expect(try greatestError(#require(PracticalBinary(.binaryCrossEntropy)), format) < 3)
    #expect(try greatestError(#require(PracticalCategorical(.crossEntropy)), format) < 4)
  }

  @Test func `a confident answer keeps its small loss`() {
    let loss = PracticalCategorical(.crossEntropy)
    #expect(loss?.outputs(logits: [Float(50), 0], label: 0) == [1.9287499e-22])
    #expect(loss?.outputs(logits: [Float(7)], label: 0) == [0])
  }

  @Test func `many equal classes do not stall the sum`() throws {
    let logits = [BFloat16](repeating: 1, count: 1 << 15)
    let loss = try #require(PracticalCategorical(.crossEntropy))
    // 15·log 2 = 10.397…; bfloat16's spacing there is 1/16.
    #expect(abs(loss.outputs(logits: logits, label: 3)[0].float - 10.397208) < 0.0625)
  }

  /// The greatest error of a form on a row, in ulps.
  private func error(
    _ form: (any Implementation)?, _ input: LossInput, _ format: FloatFormat
  ) throws -> Double {
    let form = try #require(form)
    let outputs = try #require(form.evaluate(input, in: format))
    let exact = try Reference().evaluate(form.function, input, in: format)
    return zip(outputs, exact).map { $1.error(of: $0).ulps }.max() ?? .infinity
  }

  @Test func `faithful gradients keep their digits where soft targets cancel`() throws {
    func values(_ numbers: [Float]) -> [FloatValue] { numbers.map { FloatValue($0) } }
    let row = LossInput(
      logits: values([0, 0, 2e-29]), target: .probabilities(values([0.2, 0.2, 0.2])))
    #expect(try error(FaithfulCategorical(.crossEntropyGradient), row, .float32) < 1)
    let logit = LossInput(
      logits: values([-0x1.00260cp-25]), target: .probabilities(values([0.5])))
    #expect(try error(FaithfulBinary(.binaryCrossEntropyGradient), logit, .float32) < 1)
  }

  @Test func `terms below the normal numbers add up`() throws {
    // Found by tools/attack-forms: nine terms of e^-104 each lost half an ulp of the result.
    let logits: [Float] = [0, 0, 0x1.9fe37p+6, 0, 0, 0, 0, 0, 0, 0]
    let row = LossInput(logits: logits.map { FloatValue($0) }, target: .index(2))
    #expect(try error(PracticalCategorical(.crossEntropy), row, .float32) < 4)
  }

  @Test func `blocks of all lengths leave out the greatest logit alone`() throws {
    for count in [2, 3, 63, 64, 65, 127, 129, 200] {
      for greatest in Set([0, 1, count / 2, count - 1]) {
        var logits = [Double](repeating: 0, count: count)
        for index in logits.indices { logits[index] = -Double(index % 7) }
        logits[greatest] = 3
        let row = LossInput(logits: logits.map { FloatValue($0) }, target: .index(greatest))
        #expect(
          try error(PracticalCategorical(.crossEntropy), row, .float64) < 4, "\(count) \(greatest)")
      }
    }
  }
}
