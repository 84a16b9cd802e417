internal import ArgumentParser
internal import Foundation
internal import LossFunctions

/// A folder that results are written to, each whole or not at all.
struct OutputFolder {
  let path: String

  private var url: URL { URL(filePath: path, directoryHint: .isDirectory) }

  /// A path of the command line; an empty one would be that of the folder that one stands in.
  static func path(_ text: String) throws -> String {
    guard !text.isEmpty else { throw ValidationError("it must not be empty") }
    return text
  }

  /// Makes the folder, and sees that it takes files of these names.
  ///
  /// - Throws: Exit status 73 where it does not.
  func prepare(_ names: [String]) throws {
    try Self.orCannotCreate { () throws(FileWriteError) in try PartialFile.makeFolder(path) }
    for name in names { try Self.prepare(url.appending(path: name).path) }
  }

  /// Sees that a file can be written.
  ///
  /// - Throws: Exit status 73 where it cannot.
  static func prepare(_ path: String) throws {
    try orCannotCreate { () throws(FileWriteError) in _ = try PartialFile(for: path) }
  }

  /// Writes `data` to a file of the folder, whole or not at all.
  ///
  /// - Throws: Exit status 73 where the folder or the file cannot be made.
  func write(_ data: Data, to name: String) throws {
    let place = url.appending(path: name).path
    try Self.orCannotCreate { () throws(FileWriteError) in
      try PartialFile.makeFolder(path)
      try PartialFile.write(data, to: place)
    }
  }

  private static func orCannotCreate(_ body: () throws(FileWriteError) -> Void) throws {
    do {
      try body()
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.cannotCreate)
    }
  }
}
