import Cases
import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine
import TestSupport
import Testing

@Suite struct `A database of witnesses` {
  private let folder = FileManager.default.temporaryDirectory.appending(
    path: "witnesses-\(UUID().uuidString)")

  private static let defect = Defect(
    name: "x₀ > 3", function: .crossEntropy, format: .float32
  ) { $0.logits[0].double > 3 }

  private func record(_ format: FloatFormat = .float32) async throws -> WitnessRecord {
    let claim = AccuracyClaim(
      Self.defect.subject, computes: .crossEntropy, in: .float32, within: 4)
    let report = try await Trial(
      claim, TrialPlan(families: [.uniform], caseCount: 50, searchCount: 0)
    ).run()
    return WitnessRecord(
      try #require(report.findings.first), of: claim.function, claim.contract, subject: "planted",
      origin: "uniform")
  }

  @Test func `gives back what it was given, bit for bit, once`() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let database = WitnessDatabase(folder: folder)
    let witness = try await record()
    #expect(try database.inputs(of: .crossEntropy, in: .float32).isEmpty)
    try database.add([witness, witness])
    let bytes = try Data(contentsOf: folder.appending(path: "cross-entropy.json"))
    try database.add([witness])
    #expect(try Data(contentsOf: folder.appending(path: "cross-entropy.json")) == bytes)
    let inputs = try database.inputs(of: .crossEntropy, in: .float32)
    #expect(inputs == [try witness.input()])
    #expect(try database.witnesses(of: .crossEntropy) == [witness])
    #expect(inputs.first.map(Self.defect.shows) == true)
  }

  @Test func `rounds its cases to the format that is asked for`() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let database = WitnessDatabase(folder: folder)
    var witness = try await record()
    witness.logits = ["0x1.000002p+0"]
    witness.label = 0
    try database.add([witness])
    let rounded = try database.inputs(of: .crossEntropy, in: .float16)
    #expect(rounded == [LossInput(logits: [.one], target: .index(0))])
  }

  @Test(arguments: [
    "", "[]", "{\"schema\":1}", "{\"schema\":2,\"witnesses\":[]}", "\u{0}\u{1}",
    """
    {"schema":1,"witnesses":[{"function":"cross-entropy","format":"float32","logits":["1.5"],\
    "decimals":[],"label":0,"failure":"crash","message":"","subject":"","origin":""}]}
    """,
    """
    {"schema":1,"witnesses":[{"function":"cross-entropy","format":"float32","logits":["0x1p0"],\
    "decimals":[],"label":7,"failure":"crash","message":"","subject":"","origin":""}]}
    """,
  ])
  func `refuses a file that is not one of witnesses, naming it`(_ text: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let database = WitnessDatabase(folder: folder)
    try Data(text.utf8).write(to: folder.appending(path: "cross-entropy.json"))
    let error = #expect(throws: WitnessError.self) {
      try database.inputs(of: .crossEntropy, in: .float32)
    }
    #expect(error?.description.contains("cross-entropy.json is not a file of witnesses") == true)
  }

  @Test(arguments: [
    (#""logits":["0x1p+999999999"],"label":0"#, "0x1p+999999999 is not a number of float32"),
    (#""logits":["0x1.000000001p+0"],"label":0"#, "is not a number of float32"),
    (#""logits":["0x1p0"],"probabilities":["0x1.0000001p-1"]"#, #""probabilities" at place 0"#),
    (#""logits":["0x1p0"],"label":0,"probabilities":["0x1p0"]"#, "stands beside"),
    (#""logits":["0x1p0"],"lable":0,"label":0"#, "witnesses.0.lable is not known"),
    (#""logits":["0x1p0"],"label":0,"label":0"#, "\"label\" stands twice"),
    (#""logits":["0x1p0"],"label":"0""#, "witnesses.0.label is of another kind"),
    (#""label":0"#, #"has no "logits""#),
    (#""logits":["\u001b[2J"],"label":0"#, #""\u{1B}[2J" is not a number"#),
  ])
  func `tells what is wrong with a witness, and where`(fields: String, problem: String) {
    let error = #expect(throws: WitnessError.self) {
      try WitnessFile(decoding: Data(Self.text(fields).utf8), path: "x.json")
    }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  }

  /// A finding about an output of 0.
  private func finding(_ input: LossInput) async throws -> Finding {
    let claim = AccuracyClaim(
      ClosureSubject { _ in [.zero] }, computes: .crossEntropy, in: .float32, within: 1)
    let judgement = try await claim.judge([input])[0]
    return Finding(
      stage: "", index: 0, failure: try #require(judgement.failure), original: input,
      rows: LossRows(input, in: .float32), judgement: judgement)
  }

  @Test func `writes a row of many classes of which few differ in a few bytes`() async throws {
    var logits = [FloatValue](repeating: .zero, count: 128_256)
    logits[70_000] = FloatValue(1.5)
    let input = LossInput(logits: logits, target: .index(70_000))
    let finding = try await finding(input)
    let record = WitnessRecord(finding, of: .crossEntropy, subject: "", origin: "")
    #expect(record.logits == ["0x0p+0*70000", "0x1.8p+0", "0x0p+0*58255"])
    #expect(record.decimals == ["0*70000", "1.5", "0*58255"])
    #expect(try record.input() == input)
    let text = finding.text(of: .crossEntropy, refuting: "", seed: 1, replay: "")
    #expect(text.contains("logits   0*70000, 1.5, 0*58255\n") && text.utf8.count < 1000)
  }

  @Test(arguments: [
    "0x0p+0*", "0x0p+0*0", "0x0p+0*-1", "0x0p+0*99999999999", "0x0p+0*1048577", "*4",
  ])
  func `takes no count that is none, or beyond what rows have`(_ text: String) async throws {
    let input = LossInput(logits: [.zero, .one], target: .index(0))
    var record = WitnessRecord(
      try await finding(input), of: .crossEntropy, subject: "", origin: "")
    record.logits = [text]
    #expect(throws: WitnessError.self) { _ = try record.input() }
  }

  @Test func `takes infinite and NaN logits, and gives them back`() throws {
    let text = Self.text(#""logits":["inf","-inf","nan","0x1p-149"],"label":3"#)
    let file = try WitnessFile(decoding: Data(text.utf8), path: "x.json")
    let input = try file.witnesses[0].input()
    #expect(input.logits.map(\.hexadecimal) == file.witnesses[0].logits)
    #expect(input.target == .index(3))
  }

  private static func text(_ fields: String) -> String {
    #"{"schema":1,"witnesses":[{"function":"cross-entropy","format":"float32","decimals":[],"#
      + #""failure":"crash","message":"","subject":"","origin":"",\#(fields)}]}"#
  }

  @Test func `reports a finding with its case, its seed and its replay`() async throws {
    let claim = AccuracyClaim(
      Self.defect.subject, computes: .crossEntropy, in: .float32, within: 4)
    let report = try await Trial(
      claim,
      TrialPlan(families: [.uniform, .hugeMagnitude], caseCount: 50, searchCount: 0, seed: 7)
    ).run()
    let finding = try #require(report.findings.first)
    let text = finding.text(
      of: .crossEntropy, refuting: claim.statement, seed: 7, replay: "swift test")
    #expect(text.contains("of seed 7"))
    #expect(text.contains(finding.shrunk.logits[0].hexadecimal))
    #expect(text.contains("replay   swift test"))
    #expect(report.findings.count == 1 && finding.laterStages == ["huge-magnitude"])
  }
}
