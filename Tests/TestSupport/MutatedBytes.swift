public import Cases
public import Foundation

extension ChoiceSource {
  /// A good file after a few changes: of a bit, a byte, a digit, a word; a piece left out, doubled, moved
  /// in from another file; an early end. The beginning, where headers are, is changed most.
  public mutating func mutated(_ good: Data, besides others: [Data] = []) -> Data {
    var bytes = [UInt8](good)
    for _ in 0...integer(in: 0...3) where !bytes.isEmpty { mutate(&bytes, others) }
    return Data(bytes)
  }

  private mutating func mutate(_ bytes: inout [UInt8], _ others: [Data]) {
    let limit = integer(in: 0...2) == 0 ? bytes.count : min(bytes.count, 600)
    let position = integer(in: 0...limit - 1)
    let end = min(position + integer(in: 1...40), bytes.count)
    let words = [
      "99999999999999999999", "9223372036854775807", "-1", "[[[[[[[[", "\"", "{", "}", ",", ":",
      "nan", "null", "1e999", "0x1p+999999999", "0x1.000000001p+0", "\"inf\"", "\u{0}", "\u{1B}[2J",
      "\n", "\u{202E}", "../../etc/passwd", "\\ud800", "\\u0000", "True", "é", "-0", "\\\"",
    ]
    switch integer(in: 0...9) {
    case 0: bytes[position] ^= 1 << UInt8(integer(in: 0...7))
    case 1: bytes[position] = UInt8(integer(in: 0...255))
    case 2: bytes.removeSubrange(position..<end)
    case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
    case 4: bytes.removeSubrange(position...)
    case 5: bytes.replaceSubrange(position..<end, with: element(of: words).utf8)
    case 6: bytes.insert(contentsOf: element(of: words).utf8, at: position)
    case 7:
      if let digit = bytes[position...].firstIndex(where: { (0x30...0x39).contains($0) }) {
        bytes[digit] = 0x30 + UInt8(integer(in: 0...9))
      }
    case 8 where !others.isEmpty:
      let other = element(of: others)
      guard !other.isEmpty else { return }
      let start = integer(in: 0...other.count - 1)
      bytes.insert(contentsOf: other.dropFirst(start).prefix(integer(in: 1...40)), at: position)
    default:
      // What may be a length at the beginning.
      for offset in 0..<min(8, bytes.count) where integer(in: 0...3) == 0 {
        bytes[offset] = element(of: [0, 1, 0x10, 0x7F, 0x80, 0xFF])
      }
    }
  }
}
