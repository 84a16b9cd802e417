internal import ArgumentParser
internal import Foundation
internal import LossFunctions

/// A folder that results are written to, each whole or not at all.
struct OutputFolder {
  let path: String

  /// Writes `data` to a file of the folder.
  ///
  /// - Throws: Exit status 73 where the folder or the file cannot be made.
  func write(_ data: Data, to name: String) throws {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try PartialFile.write(data, to: folder.appending(path: name).path)
    } catch {
      throw StandardStream.failure(
        "cannot write \(name) in \(path): \(error.localizedDescription)",
        status: ExitStatus.cannotCreate)
    }
  }
}
