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
