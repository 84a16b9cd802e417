internal import Reference
public import SmallFoundation

/// A file of tensors in the safetensors format, its header checked whole before any of it is used.
///
/// The layout is 8 bytes of header length (little-endian), that many bytes of JSON, then the tensors'
/// bytes. Nothing that the header claims is believed before it is compared with the file's size, and
/// nothing is allocated for it. What the format's own library refuses is refused: tensors stand without
/// gaps, are of its types, and cover the file. A tensor that nobody asks for may be of a type that
/// losses do not come in.
public struct SafetensorsFile: Sendable {
  /// The strings under `__metadata__`.
  public let metadata: [String: String]
  private let entries: [String: SafetensorsEntry]
  private let body: FileBytes
  /// Where the tensors begin.
  private let bodyStart: Int

  /// A header of more bytes is refused: it would be that of some 100,000 tensors.
  public static let greatestHeaderByteCount = 1 << 24

  /// The names of the tensors, in order.
  public var names: [String] { entries.keys.sorted() }

  /// Opens a file, of which tensors are read when they are asked for.
  ///
  /// - Throws: `SafetensorsError`, or `FileAccessError` where the file cannot be read.
  public static func open(_ url: URL) throws -> SafetensorsFile {
    try SafetensorsFile(FileBytes(contentsOf: url))
  }

  /// Reads the header of a file's bytes.
  ///
  /// - Throws: What is wrong with the header.
  public init(_ data: Data) throws(SafetensorsError) { try self.init(FileBytes(data)) }

  init(_ file: FileBytes) throws(SafetensorsError) {
    guard file.count >= 8 else { throw .truncated(byteCount: file.count) }
    let claimed = try file.read(0..<8, orThrow: SafetensorsError.access).reversed().reduce(
      UInt64(0)
    ) { $0 << 8 | UInt64($1) }
    let available = min(file.count - 8, Self.greatestHeaderByteCount)
    guard claimed <= UInt64(available) else {
      throw .headerTooLong(claimed: claimed, available: available)
    }
    let bodyStart = 8 + Int(claimed)
    let header = try file.read(8..<bodyStart, orThrow: SafetensorsError.access)
    let value: JSONValue
    do {
      value = try JSONValue(parsing: header[...])
    } catch {
      throw .headerNotJSON(error)
    }
    guard case .object(let members) = value else { throw .notAnObject(field: "the header") }

    let byteCount = file.count - bodyStart
    var entries: [String: SafetensorsEntry] = [:]
    var metadata: [String: String] = [:]
    // In order, so that of several faults the same one is told of each time.
    for (name, member) in members.sorted(by: { $0.key < $1.key }) {
      if name == "__metadata__" {
        metadata = try Self.metadata(member)
      } else {
        entries[name] = try SafetensorsEntry(name: name, member, bodyByteCount: byteCount)
      }
    }
    try Self.requireCover(of: byteCount, by: entries)
    body = file
    self.bodyStart = bodyStart
    self.entries = entries
    self.metadata = metadata
  }

  private static func metadata(_ value: JSONValue) throws(SafetensorsError) -> [String: String] {
    guard case .object(let members) = value else { throw .notAnObject(field: "__metadata__") }
    var result: [String: String] = [:]
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard case .string(let text) = value else { throw .metadataNotText(name: name) }
      result[name] = text
    }
    return result
  }

  private static func requireCover(
    of byteCount: Int, by entries: [String: SafetensorsEntry]
  ) throws(SafetensorsError) {
    var end = 0
    // By both ends: an empty tensor stands before the one that begins where it does.
    let inOrder = entries.values.sorted {
      ($0.offsets.lowerBound, $0.offsets.upperBound, $0.name)
        < ($1.offsets.lowerBound, $1.offsets.upperBound, $1.name)
    }
    for entry in inOrder {
      guard entry.offsets.lowerBound == end else {
        throw .misplaced(name: entry.name, begin: entry.offsets.lowerBound, expected: end)
      }
      end = entry.offsets.upperBound
    }
    guard end == byteCount else { throw .uncovered(begin: end, available: byteCount) }
  }

  /// The tensor called `name`.
  ///
  /// - Throws: `missing` where there is none, `unknownType` where losses do not come in its type.
  public func tensor(_ name: String) throws(SafetensorsError) -> SafetensorsTensor {
    guard let entry = entries[name] else { throw .missing(name: name, present: names) }
    return try SafetensorsTensor(entry, of: body, from: bodyStart)
  }
}
