import Cases
import FloatFormats
import LossFunctions
import Losses
import TestSupport
import Testing
import Verification

@Suite struct `An explanation` {
  @Test func `of the forum example names the step at which the digits go`() throws {
    let explanation = try Explanation.binary(
      logit: FloatValue(-305.8), target: .zero, in: .float64)
    let naive = explanation.sections[0].steps
    let loss = try #require(naive.first { $0.expression == "loss" })
    #expect(loss.value == "-0" && loss.remark == "off by 7.97e+15 ulp")
    let lost = try #require(naive.first { $0.expression == "1 - p" })
    #expect(lost.remark == "p is lost: less than half an ulp of 1")
    let logits = explanation.sections[1].steps
    #expect(logits.filter { $0.remark == "correctly rounded" }.count == 2)
    #expect(explanation.sections[2].steps[0].value == "1.5586458013508140041e-133")
  }

  @Test func `in float32 tells of the overflow, and of NaN where the value is finite`() throws {
    let explanation = try Explanation.binary(
      logit: FloatValue(Float(-305.8)), target: .zero, in: .float32)
    let naive = explanation.sections[0].steps
    #expect(naive[0].value == "inf" && naive[0].remark == "overflows: past 3.4028235e+38")
    #expect(naive.last?.value == "nan" && naive.last?.remark == "wrong: the exact value is finite")
  }

  @Test func `of a probability tells what 1 − p and the clip have lost`() throws {
    let explanation = try Explanation.probability(
      FloatValue(Float(1e-9)), target: .zero, in: .float32)
    #expect(explanation.sections[0].steps[0].remark == "p is lost: less than half an ulp of 1")
    let clipped = explanation.sections[1].steps
    #expect(clipped[1].remark == "p is clipped, and its gradient is 0")
    let direct = try #require(explanation.sections[2].steps.first { $0.expression == "loss" })
    #expect(direct.value == "1e-9" && direct.remark == "correctly rounded")
  }

  @Test func `of a confident row tells what is lost beside 1`() throws {
    let explanation = try Explanation.categorical(
      logits: [FloatValue(50.0), .zero], label: 0, in: .float32)
    let remarks = explanation.sections[1].steps.compactMap(\.remark)
    #expect(remarks[0] == "the other classes' 1.9287499e-22 is lost beside 1")
    #expect(remarks[1] == "off by 1.53e+7 ulp" && remarks[2] == "off by 1.53e+7 ulp")
    let kept = explanation.sections[2].steps
    #expect(kept.first { $0.expression == "loss" }?.value == "1.9287499e-22")
    #expect(kept.compactMap(\.remark) == ["correctly rounded", "correctly rounded"])
  }

  @Test(arguments: [FloatFormat.float16, .bfloat16, .float32, .float64])
  func `of mistakes, ties and one class has a form that is never off by two ulps`(
    _ format: FloatFormat
  ) throws {
    let rows: [([Double], Int)] = [
      ([9, 0], 1), ([0, 9], 1), ([3, 3, 3], 2), ([0], 0), ([-8, 4, 4, 0.5], 0), ([1, 0, 7], 2),
    ]
    for (row, label) in rows {
      let explanation = try Explanation.categorical(
        logits: row.map { FloatValue($0) }, label: label, in: format)
      let verdicts = explanation.sections[2].steps.compactMap(\.remark)
      #expect(verdicts.count == 2)
      for verdict in verdicts where verdict != "correctly rounded" {
        let error = try #require(Double(verdict.split(separator: " ")[2]), "\(row): \(verdict)")
        #expect(error < 2, "\(row), \(label) in \(format)")
      }
    }
  }

  @Test(arguments: LossFunction.allCases, [FloatFormat.bfloat16, .float8E5M2])
  func `of any function shows the exact value, every form without options, and why the search ends`(
    _ function: LossFunction, _ format: FloatFormat
  ) throws {
    for input in function.inputs {
      let shape = CaseShape(function: function, format: format, input: input, classCount: 3)
      let row = Family.uniform.input(shape, seed: TestSeed.current, index: 0)
      var options = LossOptions()
      options.input = input
      let explanation = try Explanation.function(function, row, options: options, in: format)
      let titles = explanation.sections.map(\.title)
      let forms = Implementations.all.filter {
        $0.function == function && $0.options(classCount: row.logits.count) == options
          && $0.evaluate(row, in: format) != nil
      }
      #expect(titles.filter { $0.contains(": ") } == forms.map { "\($0.name): \($0.formula)" })
      let exact = try #require(explanation.sections.dropLast().last)
      let outputCount = function.outputCount(classCount: row.logits.count)
      #expect(exact.steps.count == 2 * outputCount)
      #expect(titles.last == "Why the search ends")
      #expect(explanation.sections.last?.steps.isEmpty == false)
    }
  }

  @Test func `of a divergence says that no theorem ends the search, and shows both rows`() throws {
    func values(_ numbers: [Double]) -> [FloatValue] { numbers.map { FloatValue($0) } }
    let explanation = try Explanation.function(
      .klDivergence,
      LossInput(logits: values([1, 2, 3.5]), target: .logits(values([0, 2, 1]))), in: .float64)
    let parts = explanation.sections[1].steps.map(\.expression)
    #expect(parts.prefix(3) == ["p_0", "p_1", "p_2"] && parts.contains("log q_2"))
    let exact = try #require(explanation.sections.dropLast().last?.steps.first)
    #expect(exact.value.hasPrefix("0.656910184555378"))
    let ground = try #require(explanation.sections.last?.steps.first)
    #expect(ground.expression == "unsettled" && ground.remark?.contains("no theorem") == true)
  }

  @Test func `of what stands before a loss shows the logits that it makes`() throws {
    var options = LossOptions()
    options.softcap = FloatValue(30.0)
    let row = LossInput(logits: [FloatValue(60.0), FloatValue(20.0)], target: .index(0))
    let capped = try Explanation.function(.crossEntropy, row, options: options, in: .float32)
    // 30·tanh 2.
    #expect(capped.sections[1].steps[0].value.hasPrefix("28.920827"))
    #expect(capped.sections[2].title.hasPrefix("softcap: "))
    options.scale = FloatValue(0.5)
    let both = try Explanation.function(.crossEntropy, row, options: options, in: .float32)
    #expect(both.sections[2].steps[0].value.hasPrefix("none with these options"))
    #expect(both.sections[0].steps.map(\.expression) == ["value", "scale", "softcap"])
  }

  @Test func `of what is not a case says why`() {
    #expect(throws: ExplanationError.self) {
      try Explanation.binary(logit: .zero, target: FloatValue(2.0), in: .float64)
    }
    #expect(throws: ExplanationError.self) {
      try Explanation.categorical(logits: [.zero], label: 1, in: .float64)
    }
    #expect(throws: ExplanationError.formatWithoutArithmetic(.float8E5M2)) {
      try Explanation.binary(logit: .zero, target: .one, in: .float8E5M2)
    }
  }
}
