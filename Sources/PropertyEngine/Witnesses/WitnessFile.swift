internal import Interchange
internal import LossFunctions
public import SmallFoundation

/// A file of witnesses: JSON, sorted, the same bytes for the same witnesses.
public struct WitnessFile: Codable, Hashable, Sendable {
  /// The version of the structure.
  public var schema = 1
  /// The witnesses.
  public var witnesses: [WitnessRecord]

  /// A file of these witnesses.
  public init(_ witnesses: [WitnessRecord] = []) {
    self.witnesses = witnesses
  }

  /// Reads a file.
  public init(contentsOf url: URL) throws(WitnessError) {
    let bytes: [UInt8]
    do {
      bytes = try FileBytes(contentsOf: url).all()
    } catch {
      throw .inaccessible(path: url.path, reason: error.description)
    }
    try self.init(decoding: Data(bytes), path: url.path)
  }

  /// Reads the bytes of a file.
  package init(decoding data: Data, path: String) throws(WitnessError) {
    do {
      self = try WitnessFile(strictJSON: data)
    } catch {
      throw .notWitnesses(path: path, reason: error.description)
    }
    guard schema == 1 else {
      throw .notWitnesses(path: path, reason: "schema \(schema) is newer than this program")
    }
    for (index, witness) in witnesses.enumerated() {
      do {
        _ = try (witness.input(), witness.batchRows())
      } catch {
        throw .notWitnesses(path: path, reason: "at place \(index), \(error)")
      }
    }
  }

  /// Writes the file whole or not at all.
  public func write(to url: URL) throws(WitnessError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let folder = url.deletingLastPathComponent()
      try PartialFile.makeFolder(folder.path)
      try PartialFile.write(encoder.encode(self) + Data("\n".utf8), to: url.path)
    } catch let error as FileWriteError {
      throw .inaccessible(path: url.path, reason: error.description)
    } catch {
      throw .inaccessible(path: url.path, reason: error.reason)
    }
  }
}

extension WitnessRecord {
  /// A longer text of a witness is not for a command line. A row takes more than a character of it.
  package static let greatestLineLength = 1000

  /// A file of this witness alone, in one line; nil where that is too long for a command line.
  package var line: String? {
    guard batch?.count ?? 0 < Self.greatestLineLength else { return nil }
    var witness = self
    witness.decimals = []
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(WitnessFile([witness])),
      text.count <= Self.greatestLineLength
    else { return nil }
    return String(decoding: text, as: UTF8.self)
  }
}
