import FloatFormats
import Foundation
import Interchange
import TestSupport
import Testing

@Suite struct `Written safetensors files` {
  @Test(arguments: [SafetensorsTensor.ElementType.float16, .bfloat16, .float32, .float64])
  func `read back bit for bit, specials and all`(type: SafetensorsTensor.ElementType) throws {
    let format = try #require(type.format)
    var choices = TestSeed.choices("safetensors \(type.rawValue)")
    var values: [FloatValue] = [
      .zero(isNegative: true), .infinity, .infinity(isNegative: true), .nan, format.leastSubnormal,
      format.greatestFinite.negated,
    ]
    for _ in 0..<94 { values.append(choices.finiteValue(of: format)) }
    var writer = SafetensorsWriter(metadata: ["name": "\"quoted\" \\ \n\u{1}é/𝕏", "seed": "7"])
    try writer.add("logits", values, shape: [20, 5], as: type)
    try writer.add("few", integers: [.max, .min, 0], shape: [3], as: .int64)
    try writer.add("labels", integers: [-1, 0x7FFF_FFFF], shape: [2, 1], as: .int32)
    try writer.add("none", [], shape: [0, 4], as: type)

    let file = try SafetensorsFile(writer.data)
    #expect(try file.tensor("logits").values() == values)
    #expect(try file.tensor("logits").shape == [20, 5])
    #expect(try file.tensor("few").integers() == [.max, .min, 0])
    #expect(try file.tensor("labels").integers() == [-1, 0x7FFF_FFFF])
    #expect(try file.tensor("none").values().isEmpty)
    #expect(file.metadata == ["name": "\"quoted\" \\ \n\u{1}é/𝕏", "seed": "7"])
  }

  @Test func `have the bytes that the format asks for, in whatever order they are filled`() throws {
    var writer = SafetensorsWriter(metadata: ["b": "2", "a": "1"])
    try writer.add("t", integers: [-1], shape: [1], as: .int32)
    try writer.add("x", [.one], shape: [], as: .float64)
    var other = SafetensorsWriter(metadata: ["a": "1", "b": "2"])
    try other.add("x", [.one], shape: [], as: .float64)
    try other.add("t", integers: [-1], shape: [1], as: .int32)

    var header = #"{"__metadata__":{"a":"1","b":"2"},"#
    header += #""x":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"#
    header += #""t":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}}"#
    while header.utf8.count % 8 > 0 { header += " " }
    let body: [UInt8] = [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF]
    let expected =
      Data([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]) + Data(header.utf8) + Data(body)
    #expect(writer.data == expected)
    #expect(other.data == expected)
  }

  @Test func `take nothing that they could not give back`() throws {
    var writer = SafetensorsWriter()
    try writer.add("x", [.one], shape: [1], as: .float16)
    #expect(throws: SafetensorsError.nameTaken("x")) {
      try writer.add("x", [.one], shape: [1], as: .float16)
    }
    #expect(throws: SafetensorsError.nameTaken("__metadata__")) {
      try writer.add("__metadata__", [.one], shape: [1], as: .float16)
    }
    for shape in [[2], [-1, -1], [.max, 2], []] as [[Int]] {
      #expect(throws: SafetensorsError.sizeMismatch(name: "y", shape: shape, bytes: 6)) {
        try writer.add("y", [.one, .one, .one], shape: shape, as: .float16)
      }
    }
    // 1/3 of float32 is none of float16, and 2^31 none of I32.
    #expect(throws: SafetensorsError.wrongValue(name: "y", index: 1, expected: "a number of F16")) {
      try writer.add("y", [.one, FloatValue(Float(1) / 3)], shape: [2], as: .float16)
    }
    #expect(throws: SafetensorsError.wrongValue(name: "y", index: 0, expected: "a number of I32")) {
      try writer.add("y", integers: [1 << 31], shape: [1], as: .int32)
    }
    #expect(throws: SafetensorsError.self) { try writer.add("y", [.one], shape: [1], as: .int32) }
    #expect(throws: SafetensorsError.self) {
      try writer.add("y", integers: [1], shape: [1], as: .float32)
    }
    #expect(try SafetensorsFile(writer.data).names == ["x"])
  }

  @Test func `replace a file whole`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: "x.safetensors")
    try Data(repeating: 1, count: 10000).write(to: url)
    var writer = SafetensorsWriter()
    try writer.add("x", [.one], shape: [1], as: .float32)
    try writer.write(to: url)
    #expect(try Data(contentsOf: url) == writer.data)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.safetensors"])
    #expect(throws: (any Error).self) {
      try writer.write(to: folder.appending(path: "no/such/folder/x.safetensors"))
    }
  }
}

@Suite struct `Real logits` {
  @Test func `are refused where a row could not be evaluated, with the row's number`() throws {
    try expect(.wrongValue(name: "targets", index: 1, expected: "a label from 0 to 1")) {
      try $0.add("logits", [.one, .one, .one, .one], shape: [2, 2], as: .float32)
      try $0.add("targets", integers: [0, 2], shape: [2], as: .int32)
    }
    for bad in [FloatValue.nan, FloatValue.one.negated, FloatValue(Float(1.5))] {
      try expect(.wrongValue(name: "targets", index: 1, expected: "a probability from 0 to 1")) {
        try $0.add("logits", [.one, .one], shape: [2], as: .float32)
        try $0.add("targets", [.one, bad], shape: [2], as: .float32)
      }
    }
    try expect(.wrongShape(name: "logits", shape: [0, 2], expected: "of at least one row")) {
      try $0.add("logits", [], shape: [0, 2], as: .float32)
      try $0.add("targets", integers: [], shape: [0], as: .int32)
    }
    try expect(.missing(name: "targets", present: ["logits"])) {
      try $0.add("logits", [.one], shape: [1], as: .float32)
    }
  }

  private func expect(
    _ error: SafetensorsError, fill: (inout SafetensorsWriter) throws -> Void
  ) throws {
    var writer = SafetensorsWriter()
    try fill(&writer)
    let url = FileManager.default.temporaryDirectory.appending(
      path: "\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try writer.write(to: url)
    #expect(throws: error) { try TrainedLogits(contentsOf: url) }
  }
}
