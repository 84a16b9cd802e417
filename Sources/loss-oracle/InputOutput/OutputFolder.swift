internal import ArgumentParser
internal import Foundation
internal import LossFunctions

/// A folder that results are written to, each whole or not at all.
struct OutputFolder {
  let path: String

  private var url: URL { URL(filePath: path, directoryHint: .isDirectory) }

  /// Makes the folder, and sees that it takes files of these names.
  ///
  /// - Throws: Exit status 73 where it does not.
  func prepare(_ names: [String]) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw Self.failure(path, error.systemReason)
    }
    for name in names { try Self.prepare(url.appending(path: name).path) }
  }

  /// Sees that a file can be written.
  ///
  /// - Throws: Exit status 73 where it cannot.
  static func prepare(_ path: String) throws {
    do {
      _ = try PartialFile(for: path)
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.cannotCreate)
    }
  }

  /// Writes `data` to a file of the folder, whole or not at all.
  ///
  /// - Throws: Exit status 73 where the folder or the file cannot be made.
  func write(_ data: Data, to name: String) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try PartialFile.write(data, to: url.appending(path: name).path)
    } catch let error as FileWriteError {
      throw StandardStream.failure(error.description, status: ExitStatus.cannotCreate)
    } catch {
      throw Self.failure(path, error.systemReason)
    }
  }

  private static func failure(_ path: String, _ reason: String) -> ExitCode {
    StandardStream.failure("cannot write \(path): \(reason)", status: ExitStatus.cannotCreate)
  }
}
