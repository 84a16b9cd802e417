internal import Foundation
internal import SystemPackage

/// A file that is written beside its place and moved into it when it is complete: whoever reads the
/// place finds what stood there before, or all of the new, and never a part.
struct PartialFile: ~Copyable {
  private let place: FilePath
  private let path: FilePath
  private let descriptor: FileDescriptor

  /// Opens a new file beside `path`.
  ///
  /// - Throws: `cannotCreate` where the folder does not take it, or the place holds no plain file.
  init(for path: String) throws(FixtureWriteError) {
    let place = FilePath(path)
    guard let name = place.lastComponent, name.kind == .regular else {
      throw .cannotCreate(path: path, reason: "it names no file")
    }
    if FileManager.default.fileExists(atPath: path), !isPlainFile(path) {
      throw .cannotCreate(path: path, reason: "it is no plain file")
    }
    // Hidden, as it is nobody's concern, and of a name that no other writer has.
    let identifier = String(UInt64.random(in: 0 ... .max), radix: 16)
    let partial = place.removingLastComponent().appending(".loss-oracle-\(identifier).partial")
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        partial, .readWrite, options: [.create, .exclusiveCreate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw .cannotCreate(path: path, reason: "\(error)")
    }
    self.place = place
    self.path = partial
    self.descriptor = descriptor
  }

  /// Gives the file its size, of which nothing is stored yet: a size that the file system does not
  /// have is found at once.
  func resize(to byteCount: Int) throws(FixtureWriteError) {
    do {
      try descriptor.resize(to: Int64(byteCount))
    } catch {
      throw .cannotWrite(path: place.string, reason: "\(byteCount) bytes: \(error)")
    }
  }

  /// Writes bytes at a place of the file.
  func write(_ bytes: some Sequence<UInt8>, at offset: Int) throws(FixtureWriteError) {
    do {
      _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
    } catch {
      throw .cannotWrite(path: place.string, reason: "\(error)")
    }
  }

  /// Reads at most `count` bytes from a place of the file.
  func read(_ count: Int, at offset: Int) throws(FixtureWriteError) -> [UInt8] {
    do {
      return try [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
        size = try descriptor.read(
          fromAbsoluteOffset: Int64(offset), into: UnsafeMutableRawBufferPointer(buffer))
      }
    } catch {
      throw .cannotWrite(path: place.string, reason: "\(error)")
    }
  }

  /// Moves the file into its place.
  consuming func commit() throws(FixtureWriteError) {
    guard rename(path.string, place.string) == 0 else {
      let reason = "\(Errno(rawValue: errno))"
      throw .cannotCreate(path: place.string, reason: reason)
    }
  }

  deinit {
    try? descriptor.close()
    // Once it has been moved there is nothing left to remove.
    unlink(path.string)
  }
}

/// Why a file of fixtures could not be written.
public enum FixtureWriteError: Error, Hashable, Sendable, CustomStringConvertible {
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
