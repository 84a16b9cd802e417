public import Foundation
internal import Interchange
internal import LossFunctions
public import Verification

/// The bounds of a platform: JSON Lines, a header and then one entry a line, so that what changes
/// shows line by line.
public struct BoundsFile: Hashable, Sendable {
  /// How the bounds came about.
  public struct Header: Codable, Hashable, Sendable {
    /// The version of the structure.
    public var schema = 1
    /// Where.
    public var platform: Platform
    /// The C library and the processor, for people.
    public var machine: String
    /// The seed and the number of cases of each family.
    public var seed: UInt64
    public var cases: Int
    /// The number of classes.
    public var classes: Int
    /// The number of cases that the search tried for each entry.
    public var searched: Int

    /// A header.
    public init(
      platform: Platform, machine: String, seed: UInt64, cases: Int, classes: Int, searched: Int
    ) {
      self.platform = platform
      self.machine = machine
      self.seed = seed
      self.cases = cases
      self.classes = classes
      self.searched = searched
    }

    /// Whether entries of both may stand in one file: they came about alike, on machines with one name or two.
    public func isAlike(_ other: Header) -> Bool {
      var other = other
      other.machine = machine
      return self == other
    }
  }

  /// How the bounds came about.
  public var header: Header
  /// The entries, in the order of the catalogues.
  public var records: [BoundRecord]

  /// A file of these entries.
  public init(header: Header, records: [BoundRecord]) {
    self.header = header
    self.records = records
  }

  /// Reads a file.
  public init(contentsOf url: URL) throws(BoundsError) {
    let lines: [Data]
    do {
      lines = try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map { Data($0) }
    } catch {
      throw .inaccessible(path: url.path, reason: error.localizedDescription)
    }
    do {
      header = try Header(strictJSON: lines.first ?? Data())
    } catch {
      throw .notBounds(path: url.path, line: 1)
    }
    guard header.schema == 1 else { throw .notBounds(path: url.path, line: 1) }
    records = []
    for (number, line) in lines.enumerated().dropFirst() {
      guard let record = try? BoundRecord(strictJSON: line) else {
        throw .notBounds(path: url.path, line: number + 1)
      }
      records.append(record)
    }
  }

  /// Writes the file whole or not at all: see `PartialFile`.
  public func write(to url: URL) throws(BoundsError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      var data = try encoder.encode(header) + Data("\n".utf8)
      for record in records { data += try encoder.encode(record) + Data("\n".utf8) }
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try PartialFile.write(data, to: url.path)
    } catch {
      throw .inaccessible(path: url.path, reason: error.localizedDescription)
    }
  }
}

/// What is wrong with a file of bounds.
public enum BoundsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be read or written.
  case inaccessible(path: String, reason: String)
  /// A line is not what it should be.
  case notBounds(path: String, line: Int)

  /// What was wrong, and where.
  public var description: String {
    switch self {
    case .inaccessible(let path, let reason): "\(path): \(reason)"
    case .notBounds(let path, let line):
      "\(path), line \(line): not a line of recorded bounds; record them anew"
    }
  }
}
