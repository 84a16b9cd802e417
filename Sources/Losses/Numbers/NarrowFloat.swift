public import FloatFormats
internal import RealModule

/// A number of a 16-bit format, held as the float32 that it equals, with the arithmetic that kernels give
/// it.
///
/// Each operation is done in float32 and rounded once to nearest, ties to even. For + − × ÷ that is the
/// correctly rounded result: 24 ≥ 2·11 + 2 bits make the double rounding innocuous (S. Figueroa, "When
/// is double rounding innocuous?", 1995). The elementary functions have float32's small error before the
/// rounding.
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
  public init(_ value: Double) {
    let nearest = Float(value)
    let bits = nearest.bitPattern &- (Double(nearest.magnitude) > value.magnitude ? 1 : 0)
    self.init(Float(bitPattern: bits | (Double(nearest) != value ? 1 : 0)))
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
  /// The distance from 1 to the next number.
  static var ulpOfOne: Float { get }
  /// The least normal number.
  static var leastNormalMagnitude: Float { get }
  /// The number nearest to `value`, ties to even.
  static func rounded(_ value: Float) -> Float
  /// The number with an encoding.
  static func decoded(_ bits: UInt16) -> Float
  /// The encoding of a number of the format.
  static func encoded(_ number: Float) -> UInt16
}

extension NarrowFloat: LossScalar {
  public static var format: FloatFormat { Layout.format }
  public static var infinity: Self { Self(exact: .infinity) }
  public static var nan: Self { Self(exact: .nan) }
  public static var ulpOfOne: Self { Self(exact: Layout.ulpOfOne) }
  public static var leastNormalMagnitude: Self { Self(exact: Layout.leastNormalMagnitude) }

  public init(_ value: Int) { self.init(Double(value)) }
  public init(integerLiteral value: Int) { self.init(value) }

  public var double: Double { Double(float) }
  public var isFinite: Bool { float.isFinite }
  public var isNaN: Bool { float.isNaN }
  public var magnitude: Self { Self(exact: float.magnitude) }

  public static func == (a: Self, b: Self) -> Bool { a.float == b.float }
  public static func < (a: Self, b: Self) -> Bool { a.float < b.float }
  public static func <= (a: Self, b: Self) -> Bool { a.float <= b.float }
  public static func > (a: Self, b: Self) -> Bool { a.float > b.float }
  public static func >= (a: Self, b: Self) -> Bool { a.float >= b.float }

  public static prefix func - (a: Self) -> Self { Self(exact: -a.float) }
  public static func + (a: Self, b: Self) -> Self { Self(a.float + b.float) }
  public static func - (a: Self, b: Self) -> Self { Self(a.float - b.float) }
  public static func * (a: Self, b: Self) -> Self { Self(a.float * b.float) }
  public static func / (a: Self, b: Self) -> Self { Self(a.float / b.float) }
  public static func maximum(_ a: Self, _ b: Self) -> Self {
    Self(exact: .maximum(a.float, b.float))
  }
  public static func minimum(_ a: Self, _ b: Self) -> Self {
    Self(exact: .minimum(a.float, b.float))
  }

  public static func exp(_ x: Self) -> Self { Self(Float.exp(x.float)) }
  public static func expMinusOne(_ x: Self) -> Self { Self(Float.expMinusOne(x.float)) }
  public static func log(_ x: Self) -> Self { Self(Float.log(x.float)) }
  public static func log(onePlus x: Self) -> Self { Self(Float.log(onePlus: x.float)) }
}

extension NarrowFloat: CustomStringConvertible {
  /// The value as float32 prints it.
  public var description: String { float.description }
}
