public import Foundation

/// Why a file cannot be read at all.
public enum FileAccessError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system does not open it.
  case unreadable(path: String, reason: String)
  /// It is a folder, a device or a pipe.
  case notPlain(path: String)

  /// What was wrong.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .notPlain(let path): "cannot read \(path): it is no plain file"
    }
  }
}

extension FileAccessError: LocalizedError {
  /// The same for those who ask Foundation.
  public var errorDescription: String? { description }
}

extension Data {
  /// The bytes of a file, mapped into memory, so that only what is used of them is read.
  init(mappingFileAt url: URL) throws(FileAccessError) {
    let path = url.path
    // A pipe or a device has no size, and may never end.
    guard FileManager.default.fileExists(atPath: path) else {
      throw .unreadable(path: path, reason: "there is no such file")
    }
    guard isPlainFile(path) else { throw .notPlain(path: path) }
    do {
      try self.init(contentsOf: url, options: .alwaysMapped)
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
  }
}

/// Whether a path leads to a file with a size, rather than to a folder, a device or a pipe.
func isPlainFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
