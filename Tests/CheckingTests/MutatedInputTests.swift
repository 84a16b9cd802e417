import Cases
import Checking
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import PropertyEngine
import Sweeps
import TestSupport
import Testing
import Verification

/// Whatever bytes come in from outside, they are read or refused with a reason that can be shown: none of
/// the readers traps, hangs or takes memory for what the bytes claim. `LOSS_ORACLE_CASES` raises the
/// number of inputs.
@Suite struct `Inputs with a few bytes changed` {
  private static let roundCount = 250

  /// Reads mutants of good files, and checks what is said of those that are refused.
  ///
  /// - Parameter read: Gives a message for what is refused.
  private func mutate(_ name: String, _ good: [Data], _ read: (Data) -> String?) {
    for data in good { #expect(read(data) == nil, "\(name) as it is") }
    var choices = TestSeed.choices(name)
    var refusedCount = 0
    // Seven readers share the number.
    for round in 0..<max(Self.roundCount, TestSeed.count(0) / 7) {
      let data = choices.mutated(good[round % good.count], besides: good)
      guard let message = read(data) else { continue }
      refusedCount += 1
      #expect(message.utf8.count < 3000 && message.isPrintable, "\(message)")
    }
    // Not all of them fall at the first question.
    #expect((1..<max(Self.roundCount, TestSeed.count(0) / 7)).contains(refusedCount), "\(name)")
  }

  private static func tensors() throws -> Data {
    var writer = SafetensorsWriter(
      metadata: ["function": "cross-entropy", "format": "float16", "family": "ties"])
    let logits: [FloatValue] = [.one, .zero, .one, .infinity, .one, .one]
    try writer.add("logits", logits, shape: [2, 3], as: .float16)
    try writer.add("targets", integers: [0, 2], shape: [2], as: .int32)
    try writer.add("expected", [.one, .zero], shape: [2], as: .float16)
    return writer.data
  }

  private static func json() async throws -> Data {
    try await FixturePlan(
      function: .crossEntropy, format: .float16, families: [.normal, .ties], caseCount: 2,
      classCount: 3, seed: 1
    ).json(threadCount: 1)
  }

  private static func witnesses() throws -> Data {
    let file = TestPaths.package.appending(path: "Fixtures/witnesses/cross-entropy.json")
    let few = try WitnessFile(contentsOf: file).witnesses.prefix(3)
    return try JSONEncoder().encode(WitnessFile(Array(few)))
  }

  private static func certificate() throws -> Data {
    let folder = TestPaths.package.appending(path: "Fixtures/certificates/float16")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return try Data(contentsOf: folder.appending(path: try #require(names.first)))
  }

  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func readAll(_ rows: FixtureRows) throws {
    for index in 0..<min(rows.count, 50) {
      _ = try rows[index]
      _ = try rows.expected(index)
      _ = rows.familyName(index)
    }
  }

  @Test func `as safetensors`() throws {
    var outputs = SafetensorsWriter(metadata: ["by": "someone"])
    try outputs.add("outputs", [.one, .zero, .one, .nan], shape: [4], as: .bfloat16)
    mutate("outputs in safetensors", [outputs.data]) { data in
      message {
        let file = try OutputsFile(safetensors: data)
        for row in 0..<min(file.rowCount, 50) { _ = try file[row] }
      }
    }
    mutate("fixtures in safetensors", [try Self.tensors()]) { data in
      message { try readAll(FixtureRows(safetensors: data)) }
    }
  }

  @Test func `as an array of NumPy's`() {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n"
    let opening: [UInt8] = [0x93] + "NUMPY".utf8 + [1, 0, UInt8(header.utf8.count), 0]
    mutate("npy", [Data(opening + header.utf8 + [UInt8](repeating: 1, count: 8))]) { data in
      message {
        let file = try OutputsFile(npy: data)
        for row in 0..<min(file.rowCount, 50) { _ = try file[row] }
      }
    }
  }

  @Test func `as fixtures in JSON`() async throws {
    mutate("fixtures in JSON", [try await Self.json()]) { data in
      message { try readAll(FixtureRows(json: data)) }
    }
  }

  /// The lines of one text are answered together as each is alone.
  @Test func `as lines for evaluate, which do not change the answers to their neighbours`() {
    let lines = [
      #"{"logits": [1.5, -0x2, 3e0], "target": 2}"#.replacing("-0x2", with: "-2"),
      #"{"logits": ["0x1.8p+1", "-inf", 0.1], "target": 0}"#,
      #"{"logits": [0, 1e-3, "nan"], "target": [0.25, "0x1p-1", 0.25]}"#,
      #"{"logits": [7], "target": 0, "label_smoothing": 0.1, "class_weights": [2]}"#,
      #"{"rows": [{"logits": [1, 2], "target": 1}, {"logits": [3], "target": 0}], "reduction": "sum"}"#,
    ]
    for format in [FloatFormat.float32, .bfloat16] {
      let evaluator = Evaluator(
        function: .crossEntropy, inputFormat: format, outputFormat: .float32)
      mutate("lines in \(format)", [Data(lines.joined(separator: "\n").utf8)]) { data in
        let together = evaluator.answers([UInt8](data)[...])
        let alone = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
          .map { evaluator.answer([UInt8]($0)[...]) }
        let answers = alone.compactMap { try? $0.get() }.map { $0 + "\n" }.joined()
        #expect(String(decoding: together.text, as: UTF8.self) == answers)
        return together.errors.first?.description
      }
    }
  }

  @Test func `as options of a function`() {
    let text = #"{"label_smoothing": 0.1, "class_weights": [1, "0x1.8p0"], "ignore_index": -100}"#
    mutate("options", [Data(text.utf8)]) { data in
      message {
        let text = String(decoding: data, as: UTF8.self)
        let options = try LossOptions(parsing: text, for: .crossEntropy, in: .bfloat16)
        // What is sent to a program is what it is judged by.
        #expect(
          try LossOptions(parsing: options.text, for: .crossEntropy, in: .bfloat16) == options)
      }
    }
  }

  @Test func `as witnesses`() throws {
    let whole = #"""
      {"schema":1,"witnesses":[{"function":"cross-entropy","format":"float32","outputFormat":"float64",
      "options":"{\"label_smoothing\": 0.1}","claim":"ulp:2","logits":["inf","0x1p0"],"label":0,
      "batch":[{"logits":["-0x1.8p-140","nan"],"label":1},{"logits":["inf","0x1p0"],"label":0}],
      "decimals":[],"failure":"crash","message":"","subject":"","origin":"","fixed":true}]}
      """#
    mutate("witnesses", [try Self.witnesses(), Data(whole.utf8)]) { data in
      message {
        for witness in try WitnessFile(decoding: data, path: "x.json").witnesses {
          let input = try witness.input()
          let format = try #require(FloatFormat(named: witness.format))
          #expect(input.logits.allSatisfy(format.contains))
        }
      }
    }
  }

  @Test func `as certificates`() throws {
    mutate("certificates", [try Self.certificate()]) { data in
      message { _ = try SweepCertificate(decoding: data, path: "x.json") }
    }
  }

  @Test func `as replies of a program`() {
    let good = [
      #"{"id":7,"payload":16}"#, #"{"id": 7, "unsupported": "no \u00e9"}"#,
      #"{"id":7,"error":"some"}"#,
    ]
    mutate("replies", good.map { Data($0.utf8) }) { data in
      do throws(LiveReply.Garbage) {
        _ = try LiveReply([UInt8](data)[...], id: 7)
        return nil
      } catch {
        return error.reason
      }
    }
  }

  @Test func `are refused where a name stands twice in any object, wherever JSON is read`()
    async throws
  {
    let line = #"{"rows": [{"logits": [1], "target": 0}], "temperature": 2}"#
    let readers: [(Data, (Data) throws -> Void)] = [
      (try await Self.json(), { _ = try FixtureRows(json: $0) }),
      (try Self.witnesses(), { _ = try WitnessFile(decoding: $0, path: "x.json") }),
      (try Self.certificate(), { _ = try SweepCertificate(decoding: $0, path: "x.json") }),
      (Data(#"{"id": 7, "payload": 1}"#.utf8), { _ = try LiveReply([UInt8]($0)[...], id: 7) }),
      (
        Data(line.utf8),
        { _ = try EvaluationRequest(parsing: [UInt8]($0)[...], for: .crossEntropy, in: .float32) }
      ),
      (
        Data(#"{"temperature": 2}"#.utf8),
        {
          _ = try LossOptions(
            parsing: String(decoding: $0, as: UTF8.self), for: .softmax, in: .float32)
        }
      ),
    ]
    for (good, read) in readers {
      try read(good)
      let text = String(decoding: good, as: UTF8.self)
      for opening in text.indices where text[opening] == "{" {
        let rest = text[text.index(after: opening)...]
        let name = try #require(rest.firstMatch(of: /"[^"]*"/)).output
        let twice = text[...opening] + name + ": null, " + rest
        #expect(throws: (any Error).self, "\(name)") { try read(Data(twice.utf8)) }
      }
    }
  }
}

extension String {
  /// Whether this is one line, without what could change a terminal.
  fileprivate var isPrintable: Bool {
    unicodeScalars.allSatisfy {
      switch $0.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
  }
}
