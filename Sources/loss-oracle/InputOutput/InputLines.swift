internal import ArgumentParser
internal import SystemPackage

/// The lines of a file or of stdin, handed over as they arrive.
struct InputLines {
  /// A path; `-` is stdin.
  let path: String

  private static let chunkSize = 1 << 18

  /// Calls `body` with the complete lines that have arrived, without their ends, until the input
  /// ends. A program that waits for the answer to its line gets it at once; a large file comes in
  /// batches of a quarter of a megabyte.
  ///
  /// - Throws: Exit status 66 where the input cannot be opened or read; what `body` throws.
  func forEachBatch(_ body: ([ArraySlice<UInt8>]) async throws -> Void) async throws {
    let descriptor = try open()
    defer { if path != "-" { try? descriptor.close() } }
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
    while true {
      let count = try read(descriptor, into: &chunk)
      let scanned = pending.count
      pending.append(contentsOf: chunk[..<count])
      if count == 0 {
        if !pending.isEmpty { try await body([pending[...]]) }
        return
      }
      // What was pending holds no end of line: only the new bytes are searched.
      var lines: [ArraySlice<UInt8>] = []
      var start = 0
      var searched = scanned
      while let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        lines.append(pending[start..<end])
        start = end + 1
        searched = start
      }
      guard !lines.isEmpty else { continue }
      try await body(lines)
      lines = []
      pending.removeFirst(start)
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
