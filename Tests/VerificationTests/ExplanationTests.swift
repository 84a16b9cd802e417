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
