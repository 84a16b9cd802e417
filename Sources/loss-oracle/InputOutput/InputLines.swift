internal import ArgumentParser
internal import SystemPackage

/// The lines of a file or of stdin, handed over as they arrive.
struct InputLines {
  /// A path; `-` is stdin.
  let path: String

  private static let chunkSize = 1 << 20

  /// Calls `body` with the complete lines that have arrived, each with its end, until the input ends;
  /// the last may have none. A program that waits for the answer to its line gets it at once; a large
  /// file comes a megabyte at a time.
  ///
  /// - Throws: Exit status 66 where the input cannot be opened or read; what `body` throws.
  func forEachBatch(_ body: (ArraySlice<UInt8>) async throws -> Void) async throws {
    let descriptor = try open()
    defer { if path != "-" { try? descriptor.close() } }
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
    while true {
      let count = try read(descriptor, into: &chunk)
      if count == 0 {
        if !pending.isEmpty { try await body(pending[...]) }
        return
      }
      // What was pending holds no end of line: only the new bytes are searched.
      let end = chunk[..<count].lastIndex(of: UInt8(ascii: "\n"))
      let lineEnd = end.map { pending.count + $0 + 1 }
      pending.append(contentsOf: chunk[..<count])
      guard let lineEnd else { continue }
      try await body(pending[..<lineEnd])
      pending.removeFirst(lineEnd)
    }
  }

  private func open() throws -> FileDescriptor {
    guard path != "-" else { return .standardInput }
    do {
      return try FileDescriptor.open(FilePath(path), .readOnly)
    } catch {
      throw StandardStream.failure("cannot open \(path): \(error)", status: ExitStatus.noInput)
    }
  }

  private func read(_ descriptor: FileDescriptor, into chunk: inout [UInt8]) throws -> Int {
    do {
      return try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
    } catch {
      throw StandardStream.failure("cannot read \(path): \(error)", status: ExitStatus.noInput)
    }
  }
}
