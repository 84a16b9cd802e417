internal import LossFunctions
public import SmallFoundation

/// Why a file cannot be read.
public enum FileAccessError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system does not give it.
  case unreadable(path: String, reason: String)
  /// It is a folder, a device or a pipe.
  case notPlain(path: String)
  /// It ends before the place where it ended when it was opened.
  case cutShort(path: String)

  /// What was wrong.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path.excerpt(1024)): \(reason)"
    case .notPlain(let path): "cannot read \(path.excerpt(1024)): it is no plain file"
    case .cutShort(let path): "\(path.excerpt(1024)) was cut short while it was read"
    }
  }
}

extension FileAccessError: LocalizedError {
  /// The same for those who ask Foundation.
  public var errorDescription: String? { description }
}

/// The bytes of a file, of which only what is asked for is read, or bytes in memory.
///
/// They are not mapped into memory: a file that somebody cuts short meanwhile would end the process.
package struct FileBytes: Sendable {
  private enum Storage: Sendable {
    case memory(Data)
    case file(OpenFile)
  }

  private let storage: Storage
  /// How many there are.
  package let count: Int

  /// Bytes in memory.
  package init(_ data: Data) {
    storage = .memory(data)
    count = data.count
  }

  /// The bytes that a plain file has now.
  ///
  /// - Throws: `unreadable`; `notPlain` where there is no end to them, perhaps.
  package init(contentsOf url: URL) throws(FileAccessError) {
    let file = try OpenFile(url.path)
    storage = .file(file)
    count = file.byteCount
  }

  /// All of them.
  package func all() throws(FileAccessError) -> [UInt8] { try read(0..<count) { $0 } }

  /// The bytes of a range that lies within `count`.
  ///
  /// - Parameter failure: What is thrown where they cannot be read.
  package func read<Failure: Error>(
    _ range: Range<Int>, orThrow failure: (FileAccessError) -> Failure
  ) throws(Failure) -> [UInt8] {
    switch storage {
    case .memory(let data): return [UInt8](data.dropFirst(range.lowerBound).prefix(range.count))
    case .file(let file):
      do {
        return try file.bytes(range)
      } catch {
        throw failure(error)
      }
    }
  }
}

/// A plain file that is open as long as anybody reads it.
private final class OpenFile: Sendable {
  private let path: String
  private let descriptor: Int32
  let byteCount: Int

  init(_ path: String) throws(FileAccessError) {
    self.path = path
    // Without O_NONBLOCK the opening of a pipe would wait for somebody who writes.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    byteCount = descriptor >= 0 && fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    guard descriptor >= 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notPlain(path: path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func bytes(_ range: Range<Int>) throws(FileAccessError) -> [UInt8] {
    var failure: FileAccessError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count, failure == nil {
        let result = pread(
          descriptor, buffer.baseAddress.map { $0 + count }, range.count - count,
          off_t(range.lowerBound + count))
        if result > 0 {
          count += result
        } else if result == 0 {
          failure = .cutShort(path: path)
        } else if errno != EINTR {
          failure = .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Whether a path leads to a file with a size, rather than to a folder, a device or a pipe.
func isPlainFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
