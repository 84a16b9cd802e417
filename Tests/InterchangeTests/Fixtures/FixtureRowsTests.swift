import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@Suite struct `Rows of fixtures` {
  private static func tensors(
    _ metadata: [String: String] = ["function": "cross-entropy"],
    _ fill: (inout SafetensorsWriter) throws -> Void
  ) throws -> Data {
    var writer = SafetensorsWriter(metadata: metadata)
    try fill(&writer)
    return writer.data
  }

  private static let four: [FloatValue] = [.one, .zero, .zero, .one]

  @Test func `of tensors without metadata are those of the function that is asked for`() throws {
    let data = try Self.tensors([:]) {
      try $0.add("logits", Self.four, shape: [2, 2], as: .float32)
      try $0.add("targets", integers: [1, 0], shape: [2], as: .int32)
    }
    let rows = try FixtureRows(safetensors: data, for: .crossEntropyGradient)
    #expect(rows.function == .crossEntropyGradient && rows.families == [])
    #expect(try rows[1] == LossInput(logits: [.zero, .one], target: .index(0)))
    #expect(try rows.expected(0) == nil && rows.familyName(0) == nil)
    #expect(try rows.outputCount == 2)
    // A function without a target passes over the targets.
    #expect(
      try FixtureRows(safetensors: data, for: .softmax)[0] == LossInput(logits: [.one, .zero]))
    #expect(throws: FixtureError.functionMissing) { try FixtureRows(safetensors: data) }
    #expect(throws: FixtureError.self) { try FixtureRows(safetensors: data, for: .sigmoid) }
  }

  @Test func `have the classes on the first of several axes where the file says so`() throws {
    let numbers = (0..<12).map { FloatValue(Double($0)) }
    func file(_ metadata: [String: String], _ shape: [Int], _ targets: [Int]) throws -> Data {
      try Self.tensors(metadata) {
        try $0.add("logits", numbers, shape: shape, as: .float32)
        try $0.add(
          "targets", integers: Array(repeating: 1, count: targets.reduce(1, *)), shape: targets,
          as: .int32)
      }
    }
    let known = ["function": "cross-entropy", "class_axis": "0"]
    let rows = try FixtureRows(safetensors: file(known, [2, 3, 1, 2], [3, 1, 2]))
    #expect(rows.count == 6 && rows.classCount == 2)
    #expect(
      try rows[4] == LossInput(logits: [FloatValue(4), FloatValue(10)], target: .index(1)))
    // Without a word they are on the second.
    let others = try FixtureRows(safetensors: file([:], [2, 3, 2], [2, 2]), for: .crossEntropy)
    #expect(others.classCount == 3)
    #expect(throws: FixtureError.self) {
      try FixtureRows(safetensors: file(known, [2, 3, 2], [2, 2]))
    }
    #expect(throws: FixtureError.self) {
      try FixtureRows(
        safetensors: file(["function": "cross-entropy", "class_axis": "2"], [2, 3, 2], [2, 2]))
    }
  }

  @Test func `may be the real logits of the package`() throws {
    let folder = TestPaths.package.appending(path: "Fixtures/logits")
    let digits = try FixtureRows(
      contentsOf: folder.appending(path: "digits-linear.safetensors"), for: .crossEntropy)
    #expect(digits.count == 1797 && digits.classCount == 10 && digits.format == .float32)
    let cancer = try FixtureRows(
      contentsOf: folder.appending(path: "breast-cancer-linear.safetensors"),
      for: .binaryCrossEntropy)
    #expect(cancer.count == 569 && cancer.classCount == 1)
    for rows in [digits, cancer] {
      for index in 0..<rows.count { _ = try rows[index] }
    }
  }

  @Test func `of binary functions may stand in a column`() throws {
    for shape in [[2], [2, 1]] {
      let data = try Self.tensors(["function": "binary-cross-entropy"]) {
        try $0.add("logits", [.one, .zero], shape: shape, as: .float16)
        try $0.add("targets", [.one, .zero], shape: shape, as: .float16)
      }
      let rows = try FixtureRows(safetensors: data)
      #expect(try rows[0] == LossInput(logits: [.one], target: .probabilities([.one])))
      #expect(rows.count == 2)
    }
  }

  @Test func `are checked when they are asked for`() throws {
    let data = try Self.tensors {
      try $0.add("logits", Self.four, shape: [2, 2], as: .float32)
      try $0.add("targets", integers: [1, -5], shape: [2], as: .int64)
    }
    let rows = try FixtureRows(safetensors: data)
    #expect(try rows[0].target == .index(1))
    #expect(throws: FixtureError.row(1, .labelOutOfRange(label: -5, classCount: 2))) { try rows[1] }
    let soft = try FixtureRows(
      safetensors: Self.tensors {
        try $0.add("logits", Self.four, shape: [2, 2], as: .float32)
        try $0.add("targets", [.one, .zero, .infinity, .zero], shape: [2, 2], as: .float32)
      })
    #expect(try soft[0].target == .probabilities([.one, .zero]))
    #expect(throws: FixtureError.self) { try soft[1] }
  }

  @Test func `of tensors that do not go together are refused`() throws {
    let logits = { (writer: inout SafetensorsWriter) in
      try writer.add("logits", Self.four, shape: [2, 2], as: .float32)
    }
    let labels = { (writer: inout SafetensorsWriter) in
      try writer.add("targets", integers: [0, 1], shape: [2], as: .int64)
    }
    let fills: [([String: String], (inout SafetensorsWriter) throws -> Void)] = [
      (["function": "cross-entropy"], { try logits(&$0) }),
      (["function": "cross-entropy"], { try labels(&$0) }),
      (
        ["function": "crossentropy"],
        {
          try logits(&$0); try labels(&$0)
        }
      ),
      (
        ["function": "cross-entropy", "format": "float16"],
        {
          try logits(&$0); try labels(&$0)
        }
      ),
      (
        ["function": "softmax"],
        {
          try logits(&$0)
          try $0.add("expected", [.one], shape: [1], as: .float32)
        }
      ),
      (["function": "softmax"], { try $0.add("logits", [], shape: [0, 2], as: .float32) }),
      (["function": "softmax"], { try $0.add("logits", [], shape: [1 << 60, 0], as: .float32) }),
      (["function": "softmax"], { try $0.add("logits", [], shape: [0], as: .float32) }),
      (["function": "softmax"], { try $0.add("logits", [.one], shape: [], as: .float32) }),
      (
        ["function": "softmax"], { try $0.add("logits", integers: [1], shape: [1, 1], as: .int32) }
      ),
      (["function": "sigmoid"], { try logits(&$0) }),
      (
        ["function": "cross-entropy"],
        {
          try logits(&$0)
          try $0.add("targets", integers: [1], shape: [1], as: .int32)
        }
      ),
      (
        ["function": "cross-entropy"],
        {
          try logits(&$0)
          try $0.add("targets", Self.four, shape: [2, 2], as: .float16)
        }
      ),
    ]
    for (metadata, fill) in fills {
      let data = try Self.tensors(metadata, fill)
      #expect(throws: FixtureError.self) { try FixtureRows(safetensors: data) }
    }
  }

  @Test(arguments: ["1,2", "2", "1,1,1", "-1,3", "a,b", "9223372036854775807,1", ""])
  func `of families that do not share them out are refused`(counts: String) throws {
    func data(_ counts: String) throws -> Data {
      try Self.tensors(["function": "softmax", "family": "ties,normal", "family_rows": counts]) {
        try $0.add("logits", Self.four, shape: [2, 2], as: .float32)
      }
    }
    #expect(throws: FixtureError.self) { try FixtureRows(safetensors: data(counts)) }
    let rows = try FixtureRows(safetensors: data("1,1"))
    #expect(rows.familyName(0) == "ties" && rows.familyName(1) == "normal")
  }

  @Test func `are only those of the function that is wanted`() throws {
    let data = try Self.tensors(["function": "softmax"]) {
      try $0.add("logits", Self.four, shape: [2, 2], as: .float32)
    }
    #expect(throws: FixtureError.otherFunction(found: .softmax, wanted: .logSoftmax)) {
      try FixtureRows(safetensors: data, for: .logSoftmax)
    }
  }

  private static let json = """
    {"schema":"loss-fixtures-1.schema.json","function":"softmax","format":"float16",
    "numberOfCases":2,"cases":[
    {"family":"a","input":{"logits":["0x1p+0"]},"expected":{"values":["0x1p+0"]}},
    {"family":"b","input":{"logits":[0,0]},"expected":{"values":["0x1p-1","0.5"]}}]}
    """

  @Test func `of JSON may have several numbers of classes`() throws {
    let rows = try FixtureRows(json: Data(Self.json.utf8))
    #expect(rows.count == 2 && rows.classCount == nil && rows.format == .float16)
    #expect(try rows[1] == LossInput(logits: [.zero, .zero]))
    #expect(try rows.expected(1) == [FloatValue(0.5), FloatValue(0.5)])
    #expect(rows.families.map(\.name) == ["a", "b"])
    #expect(throws: FixtureError.raggedRows) { try rows.outputCount }
  }

  @Test(arguments: [
    ("loss-fixtures-1.schema.json", "loss-fixtures-2.schema.json"), ("\"softmax\"", "\"softmix\""),
    ("\"float16\"", "\"float17\""), ("\"numberOfCases\":2", "\"numberOfCases\":3"),
    ("[\"0x1p+0\"]}}", "[\"0x1p+0\",\"0x0p+0\"]}}"), ("\"0.5\"", "\"half\""), ("\"0.5\"", "0.5"),
    ("[0,0]", "[0,\"0x1p+99\"]"), ("[0,0]}", "[0,0],\"temperature\":2}"), ("[0,0]", "[]"),
    ("\"family\":\"b\",", ""), ("\"cases\":[", "\"cases\":[7,"), ("{\"schema\"", "[{\"schema\""),
    ("\"cases\"", "\"suits\""), ("[0,0]", "[0,0"),
  ])
  func `of JSON that is not as it should be are refused`(text: String, other: String) throws {
    let data = Data(Self.json.replacingOccurrences(of: text, with: other).utf8)
    #expect(throws: FixtureError.self) {
      let rows = try FixtureRows(json: data)
      for index in 0..<rows.count { _ = try rows[index] }
    }
  }
}
