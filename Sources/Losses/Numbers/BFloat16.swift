public import FloatFormats

/// A number of bfloat16: the upper half of a float32.
public typealias BFloat16 = NarrowFloat<BFloat16Layout>

/// Eight bits of exponent and seven of fraction.
public enum BFloat16Layout: NarrowLayout {
  public static var format: FloatFormat { .bfloat16 }
  public static var ulpOfOne: Float { 0x1p-7 }
  public static var leastNormalMagnitude: Float { 0x1p-126 }

  @inlinable @inline(__always)
  public static func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    guard value == value else { return Float(bitPattern: bits & 0xFFFF_0000 | 0x0040_0000) }
    // Half of the last place, less one where the kept part is even, carries exactly when due.
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  public static func decoded(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  public static func encoded(_ number: Float) -> UInt16 {
    UInt16(truncatingIfNeeded: number.bitPattern >> 16)
  }
}
