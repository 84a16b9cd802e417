public import SmallFoundation

/// A file that is written beside its place and moved into it when it is complete: whoever reads the
/// place finds what stood there before, or all of the new, and never a part.
///
/// The place holds a plain file or nothing; a symbolic link is followed, and stays. What a process
/// that was killed has left behind of this place is removed by the next that writes there.
package struct PartialFile: ~Copyable {
  private let place: URL
  private let partial: URL
  private let descriptor: Int32

  /// Writes a file whole.
  ///
  /// - Throws: As `init` and `write`.
  package static func write(_ bytes: some ContiguousBytes, to path: String) throws(FileWriteError) {
    let file = try PartialFile(for: path)
    try file.write(bytes, at: 0)
    try file.commit()
  }

  /// Makes a folder, and those above it, where they are not there.
  package static func makeFolder(_ path: String) throws(FileWriteError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += part + "/"
      guard mkdir(made, 0o777) == 0 || errno == EEXIST else {
        throw .cannotCreate(path: path, reason: reason)
      }
    }
  }

  /// Opens a new file beside `path`.
  ///
  /// - Throws: `cannotCreate` where the folder does not take it, or the place holds no plain file.
  package init(for path: String) throws(FileWriteError) {
    let place = try Self.place(path)
    let (folder, name) = (place.deletingLastPathComponent(), place.lastPathComponent)
    // Hidden, as they are nobody's concern, and short enough for any file system.
    let prefix = ".\(String(String.UnicodeScalarView(name.unicodeScalars.prefix(50))))."
    Self.removeLeftovers(in: folder, prefix: prefix)
    while true {
      let identifier = String(UInt64.random(in: 0 ... .max), radix: 16)
      let partial = folder.appending(path: prefix + identifier + Self.suffix)
      let descriptor = open(partial.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: Self.reason) }
      // The lock, where the file system has such, tells others that this one is alive. One of them
      // may have been here first.
      let isMine = flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
      if isMine, Self.linkCount(descriptor) > 0 {
        self.place = place
        self.partial = partial
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  private static let suffix = ".partial"

  /// Where the file is to stand: the end of the links.
  private static func place(_ path: String) throws(FileWriteError) -> URL {
    let place = URL(filePath: path)
    var status = stat()
    // A path that ends in a slash or a point names a folder, there or not.
    let isFolder =
      path.isEmpty
      || [".", "..", "/", ""].contains(
        path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? "")
    guard !isFolder else { throw .cannotCreate(path: path, reason: "it names no file") }
    guard lstat(path, &status) == 0 else { return place }
    guard stat(path, &status) == 0 else {
      throw .cannotCreate(path: path, reason: "it is a link to what is not there")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .cannotCreate(path: path, reason: "it is no plain file")
    }
    return place.resolvingSymlinksInPath()
  }

  /// Removes partial files of the same place that nobody writes any more.
  private static func removeLeftovers(in folder: URL, prefix: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let identifier = name.dropFirst(prefix.count).dropLast(suffix.count)
      guard UInt64(identifier, radix: 16) != nil else { continue }
      let path = folder.appending(path: name).path
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }

  private static func linkCount(_ descriptor: Int32) -> UInt64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt64(status.st_nlink) : 0
  }

  /// What the system says went wrong.
  private static var reason: String { String(cString: strerror(errno)) }

  /// Gives the file its size, of which nothing is stored yet: a size that the file system does not
  /// have is found at once.
  package func resize(to byteCount: Int) throws(FileWriteError) {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw .cannotWrite(path: place.path, reason: "\(byteCount) bytes: \(Self.reason)")
    }
  }

  /// Writes bytes at a place of the file.
  package func write(_ bytes: some ContiguousBytes, at offset: Int) throws(FileWriteError) {
    let isWritten = bytes.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + written))
        if count > 0 { written += count } else if count == 0 || errno != EINTR { return false }
      }
      return true
    }
    guard isWritten else { throw .cannotWrite(path: place.path, reason: Self.reason) }
  }

  /// Reads at most `count` bytes from a place of the file.
  package func read(_ count: Int, at offset: Int) throws(FileWriteError) -> [UInt8] {
    var size = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      repeat {
        size = pread(descriptor, buffer.baseAddress, count, off_t(offset))
      } while size < 0 && errno == EINTR
      initialized = max(size, 0)
    }
    guard size >= 0 else { throw .cannotWrite(path: place.path, reason: Self.reason) }
    return bytes
  }

  /// Moves the file into its place.
  package consuming func commit() throws(FileWriteError) {
    guard rename(partial.path, place.path) == 0 else {
      throw .cannotCreate(path: place.path, reason: Self.reason)
    }
  }

  deinit {
    // Once it has been moved there is nothing left to remove.
    unlink(partial.path)
    close(descriptor)
  }
}

/// Why a file could not be written.
public enum FileWriteError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There can be no file of that name.
  case cannotCreate(path: String, reason: String)
  /// The file does not take the bytes.
  case cannotWrite(path: String, reason: String)

  /// What was wrong.
  public var description: String {
    switch self {
    case .cannotCreate(let path, let reason): "cannot create \(path): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    }
  }
}

extension FileWriteError: LocalizedError {
  /// What the system said, for those who name the path themselves.
  public var errorDescription: String? {
    switch self {
    case .cannotCreate(_, let reason), .cannotWrite(_, let reason): reason
    }
  }
}
