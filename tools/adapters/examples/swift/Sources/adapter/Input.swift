import Foundation

/// The standard input, read in large pieces.
struct Input {
  private let handle = FileHandle.standardInput
  private var buffer = Data()

  /// The next line without its end, or nil at the end of the input.
  mutating func line() throws -> Data? {
    var searched = 0
    while true {
      if let end = buffer.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer = Data(buffer[(end + 1)...]) }
        return Data(buffer[..<end])
      }
      searched = buffer.count
      guard try fill() else { return nil }
    }
  }

  /// The next `count` bytes, or nil if the input ends within them.
  mutating func bytes(_ count: Int) throws -> Data? {
    while buffer.count < count {
      guard try fill() else { return nil }
    }
    defer { buffer = Data(buffer.dropFirst(count)) }
    return Data(buffer.prefix(count))
  }

  private mutating func fill() throws -> Bool {
    let piece = handle.availableData
    buffer.append(piece)
    return !piece.isEmpty
  }
}
