import Cases
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import TestSupport
import Testing

@Suite struct `Safetensors files` {
  @Test func `give their tensors and metadata`() throws {
    let file = try SafetensorsFile(
      bytes(
        #"{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"t":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}}"#,
        [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0xFF, 0xFF, 0xFF, 0xFF]))
    #expect(try file.tensor("x").values().map(\.double) == [1, -2])
    #expect(try file.tensor("t").integers() == [-1])
    #expect(file.metadata == ["a": "b"])
    #expect(throws: SafetensorsError.missing(name: "y", present: ["t", "x"])) {
      try file.tensor("y")
    }
    #expect(throws: SafetensorsError.self) { try file.tensor("x").integers() }
    #expect(throws: SafetensorsError.self) { try file.tensor("t").values() }
  }

  @Test func `that claim a header of 2^60 bytes are refused before anything is read`() {
    var data = Data([0, 0, 0, 0, 0, 0, 0, 0x10])
    data.append(contentsOf: [0x7B, 0x7D])
    #expect(throws: SafetensorsError.headerTooLong(claimed: 1 << 60, available: 2)) {
      try SafetensorsFile(data)
    }
    #expect(throws: SafetensorsError.truncated(byteCount: 3)) {
      try SafetensorsFile(Data([1, 2, 3]))
    }
  }

  @Test(arguments: [
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}"#,
    #"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[2]}}"#,
    #"{"x":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"Q7","shape":[2],"data_offsets":[0,9]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
    #"{"x":[1]}"#, #"{"__metadata__":{"a":1}}"#, "[]", "{",
    // Bytes before, between and after the tensors that belong to none; a gap filled by one of none.
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[-0,8]}}"#,
    #"{"x":{"dtype":"F6_E2M3","shape":[10],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"shape":[1],"data_offsets":[0,8]}}"#,
  ])
  func `that contradict themselves or leave gaps are refused`(header: String) {
    #expect(throws: SafetensorsError.self) {
      try SafetensorsFile(bytes(header, [UInt8](repeating: 0, count: 8)))
    }
  }

  @Test func `with a tensor of a type that losses do not come in give the others`() throws {
    func header(_ type: String) -> String {
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""q":{"dtype":"\#(type)","shape":[8],"data_offsets":[4,8]}}"#
    }
    let file = try SafetensorsFile(bytes(header("F4"), [0, 0, 0x80, 0x3F, 1, 2, 3, 4]))
    #expect(try file.tensor("x").values() == [.one])
    #expect(throws: SafetensorsError.self) { try file.tensor("q") }
    #expect(file.names == ["q", "x"])
    // The format's own library knows no such type.
    #expect(throws: SafetensorsError.self) {
      try SafetensorsFile(bytes(header("I4"), [0, 0, 0x80, 0x3F, 1, 2, 3, 4]))
    }
  }

  @Test func `hold the 8-bit formats`() throws {
    let file = try SafetensorsFile(
      bytes(
        #"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"F8_E5M2","shape":[4],"data_offsets":[4,8]}}"#,
        [0x38, 0x7E, 0xFF, 0x01, 0x3C, 0x7B, 0xFC, 0x01]))
    #expect(
      try file.tensor("a").values().dropLast().map(\.hexadecimal) == ["0x1p+0", "0x1.cp+8", "nan"])
    #expect(
      try file.tensor("b").values().map(\.hexadecimal) == [
        "0x1p+0", "0x1.cp+15", "-inf", "0x1p-16",
      ])
    #expect(try file.tensor("a").values()[3] == FloatFormat.float8E4M3FN.leastSubnormal)
  }

  @Test func `are told of without what could change a terminal`() {
    let name = "\u{1B}]0;gone\u{7}\u{9B}2J" + String(repeating: "x", count: 1000) + "\u{202E}"
    let error = SafetensorsError.missing(name: name, present: Array(repeating: name, count: 50))
    #expect(error.description.count < 1000)
    #expect(
      error.description.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control && $0.value != 0x202E
      })
    #expect(error.description.contains("(50 in all)"))
  }

  @Test func `have headers of a bounded size`() {
    let claimed = SafetensorsFile.greatestHeaderByteCount + 1
    var data = withUnsafeBytes(of: UInt64(claimed).littleEndian) { Data($0) }
    data += Data(repeating: UInt8(ascii: " "), count: claimed)
    #expect(
      throws: SafetensorsError.headerTooLong(claimed: UInt64(claimed), available: claimed - 1)
    ) { try SafetensorsFile(data) }
  }

  @Test(arguments: ["a", "z"])
  func `may hold an empty tensor where another begins or ends`(name: String) throws {
    for offset in [0, 4] {
      let empty = #"{"dtype":"F32","shape":[0,3],"data_offsets":[\#(offset),\#(offset)]}"#
      let full = #"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
      let file = try SafetensorsFile(
        bytes(#"{"m":\#(full),"\#(name)":\#(empty)}"#, [0, 0, 0x80, 0x3F]))
      #expect(try file.tensor(name).values().isEmpty)
      #expect(try file.tensor("m").values() == [.one])
    }
  }

  @Test func `of random bytes are refused`() {
    var choices = TestSeed.choices("random bytes")
    for _ in 0..<500 {
      var data = Data(
        (0..<choices.integer(in: 0...200)).map { _ in UInt8(choices.integer(in: 0...255)) })
      if data.count > 8 {
        data.replaceSubrange(0..<8, with: [UInt8(data.count - 8), 0, 0, 0, 0, 0, 0, 0])
      }
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(data) }
    }
  }

  @Test func `of the fixtures hold the real logits of four classifiers`() throws {
    let trained = try TrainedLogits.shipped()
    #expect(
      trained.map(\.name) == [
        "breast-cancer-confident", "breast-cancer-linear", "digits-confident", "digits-linear",
      ])
    for logits in trained {
      let functions: [LossFunction] = [.binaryCrossEntropy, .crossEntropy]
      let shapes = functions.map { CaseShape(function: $0, format: .float32, classCount: 10) }
      let (shape, other) = logits.isBinary ? (shapes[0], shapes[1]) : (shapes[1], shapes[0])
      #expect(logits.family.caseCount(shape) == (logits.isBinary ? 569 : 1797))
      #expect(logits.family.suits(shape) && !logits.family.suits(other))
    }
  }

  /// A file of a header and the tensors' bytes.
  private func bytes(_ header: String, _ body: [UInt8]) -> Data {
    let count = header.utf8.count
    let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return Data(length) + Data(header.utf8) + Data(body)
  }
}
