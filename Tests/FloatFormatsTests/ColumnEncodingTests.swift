import FloatFormats
import LossFunctions
import Testing

@Suite struct `The bytes of a column` {
  @Test(
    arguments: FloatFormat.catalogue
      + ["e3m2", "e15m112", "e8m10", "e11m20", "e5m26"].compactMap(FloatFormat.init(named:)))
  func `are the encodings of its numbers, there and back`(_ format: FloatFormat) {
    let width = format.bitCount
    let patterns: [UInt128] =
      width <= 16
      ? Array(0..<1 << width)
      : (0..<20_000).map { step in
        // Every exponent, both signs, and fractions near both ends.
        let bits =
          (UInt128(step) &* 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> (128 - width)
        return step % 3 == 0 ? bits & ~0xFFF : bits
      }
    var bytes: [UInt8] = []
    for bits in patterns {
      for index in 0..<format.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * index)))
      }
    }
    let column = bytes.withUnsafeBytes { NumberColumn(format, decoding: $0) }
    #expect(column.count == patterns.count)
    #expect(patterns.indices.allSatisfy { column[$0] == format.decode(patterns[$0]) })
    let again = column.encoded
    let size = format.byteCount
    #expect(
      patterns.indices.allSatisfy { index in
        let bits = format.encode(column[index]) ?? 0
        return (0..<size).allSatisfy {
          again[index * size + $0] == UInt8(truncatingIfNeeded: bits >> (8 * $0))
        }
      })
  }
}
