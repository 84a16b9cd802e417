public import FloatFormats

/// A number of a 16-bit format, held as the float32 that it equals, with the arithmetic that kernels give
/// it.
///
/// Each operation is done in float32 and rounded once to nearest, ties to even. For + − × ÷ and the
/// square root that is the correctly rounded result: 24 ≥ 2·11 + 2 bits make the double rounding
/// innocuous (S. Figueroa, "When is double rounding innocuous?", 1995). The elementary functions
/// have float32's small error before the rounding.
///
/// Swift's own Float16 does the same, through two calls for each operation where the hardware's
/// conversions are not to be relied upon, and is not to be had on every platform.
public struct NarrowFloat<Layout: NarrowLayout>: Hashable, Sendable {
  /// The same number.
  public let float: Float

  /// The nearest number to `value`, ties to even.
  @inlinable @inline(__always)
  public init(_ value: Float) {
    float = Layout.rounded(value)
  }

  /// A number of the format.
  @inlinable @inline(__always)
  init(exact number: Float) {
    float = number
  }

  /// The nearest number to a double, without a rounding to float32 in between: the bits that float32
  /// drops are gathered into its last ("round to odd"), which rounds on as the double would.
  @inlinable
  public init(roundingOnce value: Double) {
    var float = Float(value)
    if Double(float) != value, float.isFinite {
      if Double(float.magnitude) > value.magnitude {
        float = float.sign == .plus ? float.nextDown : float.nextUp
      }
      float = Float(bitPattern: float.bitPattern | 1)
    }
    self.init(float)
  }

  /// The number with an encoding.
  public init(bitPattern: UInt16) {
    float = Layout.decoded(bitPattern)
  }

  /// The encoding.
  public var bitPattern: UInt16 { Layout.encoded(float) }
}

/// A 16-bit format, as part of float32.
public protocol NarrowLayout: Sendable {
  /// The format.
  static var format: FloatFormat { get }
  /// The bits of a significand, without the leading one.
  static var fractionBitCount: Int { get }
  /// The exponent of the least normal number.
  static var leastExponent: Int { get }
  /// The greatest number.
  static var greatest: Float { get }
  /// The number nearest to `value`, ties to even.
  static func rounded(_ value: Float) -> Float
  /// The number with an encoding.
  static func decoded(_ bits: UInt16) -> Float
  /// The encoding of a number of the format.
  static func encoded(_ number: Float) -> UInt16
}

extension NarrowFloat: CustomStringConvertible {
  /// The value as float32 prints it.
  public var description: String { float.description }
}
