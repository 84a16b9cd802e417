import Cases
import FloatFormats
import Foundation
import Interchange
import LossFunctions
import TestSupport
import Testing

/// Whatever bytes come in, a file is read or refused with a typed error; it does not trap.
@Suite struct `Hostile files` {
  /// Reads as every kind of file, and all the rows that there are.
  private static func read(_ data: Data) -> [FixtureError] {
    var errors: [FixtureError] = []
    func attempt(_ body: () throws(FixtureError) -> Void) {
      do throws(FixtureError) {
        try body()
      } catch {
        // Its text is bounded and on one line.
        #expect(error.description.utf8.count < 2000 && !error.description.contains("\n"))
        errors.append(error)
      }
    }
    func readAll(_ rows: FixtureRows) throws(FixtureError) {
      for index in 0..<min(rows.count, 50) {
        _ = try rows[index]
        _ = try rows.expected(index)
        _ = rows.familyName(index)
      }
    }
    func readAll(_ outputs: OutputsFile) throws(FixtureError) {
      for row in 0..<min(outputs.rowCount, 50) { _ = try outputs[row] }
    }
    attempt { () throws(FixtureError) in try readAll(FixtureRows(safetensors: data)) }
    attempt { () throws(FixtureError) in
      try readAll(FixtureRows(safetensors: data, for: .crossEntropy))
    }
    attempt { () throws(FixtureError) in try readAll(FixtureRows(json: data)) }
    attempt { () throws(FixtureError) in try readAll(OutputsFile(safetensors: data)) }
    attempt { () throws(FixtureError) in try readAll(OutputsFile(npy: data)) }
    return errors
  }

  private static func valid() async throws -> [Data] {
    let plan = try FixturePlan(
      function: .crossEntropy, format: .float16, families: [.normal, .ties], caseCount: 4,
      classCount: 3, seed: 1)
    let folder = try TemporaryFolder()
    try await plan.writeSafetensors(to: folder.path("x.safetensors"), threadCount: 1) { _, _ in }
    var outputs = SafetensorsWriter(metadata: ["by": "someone"])
    try outputs.add("outputs", [.one, .zero, .one, .nan], shape: [4], as: .bfloat16)
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n"
    return [
      try Data(contentsOf: folder.url.appending(path: "x.safetensors")),
      try await plan.json(threadCount: 1), outputs.data,
      `Files of outputs`.npy(header, [UInt8](repeating: 1, count: 8)),
    ]
  }

  @Test func `made from good ones by a few changes are read or refused`() async throws {
    let files = try await Self.valid()
    // As they are, each reads as what it is: the fixtures for both questions.
    #expect(files.map { Self.read($0).count } == [3, 4, 4, 4])
    var choices = TestSeed.choices("changed files")
    for round in 0..<TestSeed.count(4000) {
      var data = files[round % files.count]
      for _ in 0...choices.integer(in: 0...3) { data = Self.changed(data, &choices) }
      _ = Self.read(data)
    }
  }

  /// The bytes with one change: a bit, a byte, a digit, a piece left out, doubled or moved, an end.
  private static func changed(_ data: Data, _ choices: inout ChoiceSource) -> Data {
    guard !data.isEmpty else { return data }
    var bytes = [UInt8](data)
    // The header is where most of the harm is.
    let limit = choices.integer(in: 0...2) == 0 ? bytes.count : min(bytes.count, 600)
    let position = choices.integer(in: 0...limit - 1)
    let end = min(position + choices.integer(in: 1...40), bytes.count)
    let words: [String] = [
      "99999999999999999999", "9223372036854775807", "-1", "[[[[[[[[", "\"", "{", "}", ",", "nan",
      "null", "1e999", "\u{0}", "../../etc/passwd", "\\ud800", "True",
    ]
    switch choices.integer(in: 0...8) {
    case 0: bytes[position] ^= 1 << UInt8(choices.integer(in: 0...7))
    case 1: bytes[position] = UInt8(choices.integer(in: 0...255))
    case 2: bytes.removeSubrange(position..<end)
    case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
    case 4: bytes.removeSubrange(position...)
    case 5: bytes.replaceSubrange(position..<end, with: choices.element(of: words).utf8)
    case 6: bytes.insert(contentsOf: choices.element(of: words).utf8, at: position)
    case 7:
      if let digit = bytes[position...].firstIndex(where: { (0x30...0x39).contains($0) }) {
        bytes[digit] = 0x30 + UInt8(choices.integer(in: 0...9))
      }
    default:
      // The header's length.
      for offset in 0..<min(8, bytes.count) where choices.integer(in: 0...3) == 0 {
        bytes[offset] = choices.element(of: [0, 1, 0x10, 0x7F, 0x80, 0xFF])
      }
    }
    return Data(bytes)
  }

  @Test func `of random bytes are refused`() {
    var choices = TestSeed.choices("random files")
    for round in 0..<TestSeed.count(2000) {
      let bytes = (0..<choices.integer(in: 0...300)).map { _ in UInt8(choices.integer(in: 0...255))
      }
      var data = Data(bytes)
      // Half of them get past the first question of one of the formats.
      if round.isMultiple(of: 4) {
        data = withUnsafeBytes(of: UInt64(data.count).littleEndian) { Data($0) } + data
      } else if round % 4 == 1 {
        data = `Files of outputs`.npy("", version: 1, length: data.count) + data
      }
      #expect(Self.read(data).count == 5)
    }
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":["])
  func `that are nested deeply do not overflow the stack`(opening: String) {
    let text = Data(String(repeating: opening, count: 100_000).utf8)
    #expect(Self.read(text).count == 5)
    let header = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
    #expect(Self.read(header).count == 5)
  }

  /// Two tensors that share bytes; a file that ends early; a name that is a path; a shape of 2^126.
  @Test(arguments: [
    #"{"logits":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"targets":{"dtype":"I32","shape":[2],"data_offsets":[8,16]}}"#,
    #"{"logits":{"dtype":"F32","shape":[8,2],"data_offsets":[0,64]}}"#,
    #"{"../../etc/passwd":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#,
    #"{"logits":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,16]}}"#,
    #"{"logits":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
    #"{"outputs":{"dtype":"F32","shape":[1152921504606846976,0],"data_offsets":[0,0]}}"#,
  ])
  func `of tensors are refused with their fault`(header: String) {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    let isEmpty = header.contains("outputs")
    let data = length + Data(header.utf8) + Data(repeating: 0, count: isEmpty ? 0 : 16)
    #expect(Self.read(data).count == (isEmpty ? 4 : 5))
  }

  @Test func `that claim 2^60 bytes, or are nothing but a hole, take no memory`() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "x.safetensors")
    // A hole of 64 GiB: to read it would end the process.
    #expect(FileManager.default.createFile(atPath: url.path, contents: nil))
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 1 << 36)
    #expect(throws: FixtureError.self) { try FixtureRows(contentsOf: url) }
    for length in [1 << 60, 1 << 35] as [UInt64] {
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: withUnsafeBytes(of: length.littleEndian) { Data($0) })
      let limit = SafetensorsFile.greatestHeaderByteCount
      #expect(
        throws: FixtureError.safetensors(.headerTooLong(claimed: length, available: limit))
      ) { try FixtureRows(contentsOf: url) }
    }
    try handle.close()
    let json = folder.url.appending(path: "x.json")
    try FileManager.default.moveItem(at: url, to: json)
    #expect(throws: FixtureError.jsonTooLarge(byteCount: 1 << 36, limit: 1 << 26)) {
      try FixtureRows(contentsOf: json)
    }
  }
}
