import FloatFormats
import Foundation
import Interchange
import LossFunctions
import Multiprecision
import Testing

@Suite struct `Files of outputs` {
  /// What `numpy.save` writes, version 1.
  static func npy(
    _ header: String, _ body: [UInt8] = [], version: UInt8 = 1, length: Int? = nil
  ) -> Data {
    let length = length ?? header.utf8.count
    let lengthBytes = (0..<(version == 1 ? 2 : 4)).map {
      UInt8(truncatingIfNeeded: length >> (8 * $0))
    }
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + header.utf8 + body)
  }

  private static let two: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]

  @Test(arguments: [1, 2, 3] as [UInt8])
  func `of NumPy are read, row by row`(version: UInt8) throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }          \n"
    let file = try OutputsFile(npy: Self.npy(header, Self.two, version: version))
    #expect(file.format == .float32 && file.rowCount == 2 && file.outputCount == 1)
    #expect(try file[0] == [.one] && file[1].map(\.double) == [-2])
    let square = #"{"shape": (1, 2), "fortran_order": False, "descr": "<f4"}"#
    let other = try OutputsFile(npy: Self.npy(square, Self.two, version: version))
    #expect(other.rowCount == 1 && other.outputCount == 2)
    #expect(try other[0].map(\.double) == [1, -2])
  }

  @Test func `hold each width`() throws {
    let half = "{'descr': '<f2', 'fortran_order': False, 'shape': (2,)}"
    #expect(try OutputsFile(npy: Self.npy(half, [0, 0x3C, 1, 0]))[1][0].hexadecimal == "0x1p-24")
    let double = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"
    let bytes: [UInt8] = [0x18, 0x2D, 0x44, 0x54, 0xFB, 0x21, 0x09, 0x40]
    #expect(try OutputsFile(npy: Self.npy(double, bytes))[0][0].double == .pi)
  }

  private static func malformed(_ problem: String) -> NPYError { .malformed(problem: problem) }

  private static let faulty: [(header: String, error: NPYError)] = [
    ("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", .fortranOrder),
    (
      "{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}",
      .unsupportedType(">f4", reason: "big-endian")
    ),
    (
      "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
      .unsupportedType("|O", reason: "Python objects")
    ),
    (
      "{'descr': '<V2', 'fortran_order': False, 'shape': (4,)}",
      .unsupportedType(
        "<V2", reason: "bytes whose meaning the file does not tell, as of bfloat16 or float8")
    ),
    (
      "{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}",
      .unsupportedType("<i8", reason: "no floating-point numbers")
    ),
    (
      "{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}",
      .unsupportedType("<f16", reason: "a width that is not known here")
    ),
    (
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
      .unsupportedType("[…]", reason: "records of several fields")
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
      .sizeMismatch(shape: [3], bytes: 8)
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      .sizeMismatch(shape: [1], bytes: 8)
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
      .sizeMismatch(shape: [1 << 62, 4], bytes: 8)
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
      malformed("\"shape\" holds no extent at byte 51")
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      malformed("\"shape\" holds no extent at byte 51")
    ),
    ("{'descr': '<f4', 'fortran_order': False}", malformed("\"shape\" is missing")),
    ("{'descr': '<f4', 'descr': '<f4'}", malformed("\"descr\" stands twice")),
    (
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
      malformed("\"fortran_order\" is no boolean")
    ),
    ("{'descr': __import__('os')}", malformed("no string at byte 10")),
    ("{'evil': 1}", malformed("it has the key \"evil\"")),
    ("{'descr': '<f4", malformed("no end of the string at byte 10")),
    ("", malformed("no { at byte 0")),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1",
      malformed("something follows it")
    ),
  ]

  @Test(arguments: faulty)
  func `of NumPy that lie are refused with the reason`(header: String, error: NPYError) {
    #expect(throws: FixtureError.npy(error)) { try OutputsFile(npy: Self.npy(header, Self.two)) }
  }

  @Test func `of NumPy with a lying preamble are refused`() {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"
    let cases: [(Data, NPYError)] = [
      (Data(), .notNPY), (Data("\u{93}NUMPY".utf8), .notNPY), (Data("PK\u{3}\u{4}".utf8), .archive),
      (Self.npy(header, version: 4), .unknownVersion(major: 4, minor: 0)),
      (Self.npy(header, length: 56), .headerTooLong(claimed: 56, available: 55)),
      (
        Self.npy(header, version: 2, length: 0xFFFF_FFFF),
        .headerTooLong(claimed: 0xFFFF_FFFF, available: 55)
      ),
      (
        Self.npy(String(repeating: " ", count: 20000)),
        .headerTooLong(claimed: 20000, available: 10000)
      ),
      (
        Data([0x93] + Array("NUMPY".utf8) + [2, 0, 1, 0]), .headerTooLong(claimed: 1, available: 0)
      ),
    ]
    for (data, error) in cases {
      #expect(throws: FixtureError.npy(error)) { try OutputsFile(npy: data) }
    }
  }

  @Test func `of tensors are read, and must be as many as the fixtures ask for`() throws {
    var fixtures = SafetensorsWriter(metadata: ["function": "softmax"])
    try fixtures.add("logits", [.one, .one, .zero, .one], shape: [2, 2], as: .float16)
    let rows = try FixtureRows(safetensors: fixtures.data)
    for (shape, isRight) in [([2, 2], true), ([4], false), ([4, 1], false), ([1, 4], false)] {
      var writer = SafetensorsWriter()
      try writer.add("outputs", [.one, .zero, .one, .one], shape: shape, as: .float64)
      let file = try OutputsFile(safetensors: writer.data)
      if isRight {
        try file.requireShape(of: rows)
        #expect(try file[0] == [.one, .zero] && file[1] == [.one, .one])
        #expect(file.format == .float64)
      } else {
        #expect(throws: FixtureError.outputShape(found: shape, expected: [2, 2])) {
          try file.requireShape(of: rows)
        }
      }
    }
    var writer = SafetensorsWriter()
    try writer.add("outputs", integers: [1], shape: [1], as: .int32)
    #expect(throws: FixtureError.self) { try OutputsFile(safetensors: writer.data) }
    #expect(throws: FixtureError.self) { try OutputsFile(safetensors: fixtures.data) }
    var cube = SafetensorsWriter()
    try cube.add("outputs", Array(repeating: .one, count: 4), shape: [2, 1, 2], as: .float16)
    let outputs = try OutputsFile(safetensors: cube.data)
    #expect(throws: FixtureError.outputShape(found: [2, 1, 2], expected: [2, 2])) {
      try outputs.requireShape(of: rows)
    }
  }

  @Test(arguments: ["/no/such/file.npy", "/tmp.safetensors", "/dev/zero.npy"])
  func `that are not there are told of as such`(path: String) {
    let error = #expect(throws: FixtureError.self) {
      try OutputsFile(contentsOf: URL(filePath: path))
    }
    guard case .access = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `that are devices or folders are not read`() throws {
    let folder = try TemporaryFolder()
    for (name, target) in [("a.npy", "/dev/zero"), ("b.safetensors", "/tmp")] {
      let url = folder.url.appending(path: name)
      try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
      #expect(throws: FixtureError.access(.notPlain(path: url.path))) {
        try OutputsFile(contentsOf: url)
      }
    }
    #expect(throws: FixtureError.unknownKind(name: "x.csv", known: [".safetensors", ".npy"])) {
      try OutputsFile(contentsOf: folder.url.appending(path: "x.csv"))
    }
  }

  @Test func `that are cut short while they are read are told of, and end nothing`() throws {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    let count = 10_000
    try writer.add("outputs", Array(repeating: .one, count: count), shape: [count], as: .float64)
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(count),), }\n"
    let array = Self.npy(header, [UInt8](repeating: 0, count: 8 * count))
    for (name, data) in [("x.safetensors", writer.data), ("x.npy", array)] {
      let url = folder.url.appending(path: name)
      try data.write(to: url)
      let file = try OutputsFile(contentsOf: url)
      _ = try file[count - 1]
      #expect(truncate(url.path, 200) == 0)
      let error = #expect(throws: FixtureError.self) { try file[count - 1] }
      #expect(error?.description.contains("was cut short while it was read") == true)
    }
  }
}
