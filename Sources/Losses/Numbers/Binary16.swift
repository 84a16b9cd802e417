public import FloatFormats

/// A number of IEEE 754's binary16, float16.
public typealias Binary16 = NarrowFloat<Binary16Layout>

/// Five bits of exponent and ten of fraction.
public enum Binary16Layout: NarrowLayout {
  public static var format: FloatFormat { .float16 }
  public static var ulpOfOne: Float { 0x1p-10 }
  public static var leastNormalMagnitude: Float { 0x1p-14 }

  @inlinable @inline(__always)
  public static func rounded(_ value: Float) -> Float {
    let magnitude = value.magnitude
    guard magnitude < 65520 else { return value == value ? value * .infinity : value }
    // With 2^(e + 13) added, e the exponent and at least −14, float32's last place is that of float16. No
    // branch for subnormals: what roundings lose is one now and then, which is hard to foresee.
    let exponent = max(magnitude.bitPattern & 0x7F80_0000, 0x3880_0000)
    let coarse = Float(bitPattern: exponent &+ 13 << 23)
    return Float(signOf: value, magnitudeOf: (magnitude + coarse) - coarse)
  }

  public static func decoded(_ bits: UInt16) -> Float {
    let (exponent, fraction) = (UInt32(bits >> 10 & 0x1F), UInt32(bits & 0x3FF))
    let magnitude: Float =
      switch exponent {
      case 0: Float(fraction) * 0x1p-24
      case 0x1F: Float(bitPattern: 0x7F80_0000 | fraction << 13)
      default: Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
      }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }

  public static func encoded(_ number: Float) -> UInt16 {
    let bits = number.bitPattern
    let magnitude: UInt32 =
      if !number.isFinite {
        0x7C00 | bits >> 13 & 0x3FF
      } else if number.magnitude < 0x1p-14 {
        UInt32(number.magnitude * 0x1p24)
      } else {
        (bits & 0x7FFF_FFFF) >> 13 - 112 << 10
      }
    return UInt16(truncatingIfNeeded: bits >> 16 & 0x8000 | magnitude)
  }
}
