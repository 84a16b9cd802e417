import FloatFormats
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

  @Test func `of a confident row tells what is lost beside 1`() throws {
    let explanation = try Explanation.categorical(
      logits: [FloatValue(50.0), .zero], label: 0, in: .float32)
    let remarks = explanation.sections[1].steps.compactMap(\.remark)
    #expect(remarks[0] == "the other classes' 1.9287499e-22 is lost beside 1")
    #expect(remarks[1] == "off by 1.53e+7 ulp" && remarks[2] == "off by 1.53e+7 ulp")
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
