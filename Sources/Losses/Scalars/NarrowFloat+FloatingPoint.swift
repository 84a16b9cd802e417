// `FloatingPoint` by way of `Float`: see `NarrowFloat` for why the arithmetic is correctly rounded.

extension NarrowFloat: FloatingPoint {
  public typealias Exponent = Int
  public typealias Magnitude = Self
  public typealias Stride = Self

  public static var radix: Int { 2 }
  public static var nan: Self { Self(.nan) }
  public static var signalingNaN: Self { Self(bitPattern: Self.infinity.bitPattern | 1) }
  public static var infinity: Self { Self(.infinity) }
  public static var greatestFiniteMagnitude: Self { Self(Layout.greatest) }
  public static var leastNormalMagnitude: Self { power(of: Layout.leastExponent) }
  public static var leastNonzeroMagnitude: Self {
    power(of: Layout.leastExponent - Layout.fractionBitCount)
  }
  public static var ulpOfOne: Self { power(of: -Layout.fractionBitCount) }
  /// π rounded toward zero, as the protocol asks.
  public static var pi: Self {
    let nearest = Self(Float.pi)
    return nearest.float > Float.pi ? -(-nearest).nextUp : nearest
  }

  private static func power(of exponent: Int) -> Self {
    Self(Float(sign: .plus, exponent: exponent, significand: 1))
  }

  public init(sign: FloatingPointSign, exponent: Int, significand: Self) {
    self.init(Float(sign: sign, exponent: exponent, significand: significand.float))
  }

  public init(signOf sign: Self, magnitudeOf magnitude: Self) {
    self.init(exact: Float(signOf: sign.float, magnitudeOf: magnitude.float))
  }

  public init<Source: BinaryInteger>(_ value: Source) {
    self.init(roundingOnce: Double(value))
  }

  public init?<Source: BinaryInteger>(exactly value: Source) {
    guard let float = Float(exactly: value), Self(float).float == float else { return nil }
    self.init(float)
  }

  public init(integerLiteral value: Int) {
    self.init(value)
  }

  public var sign: FloatingPointSign { float.sign }
  public var exponent: Int { Int(float.exponent) }
  public var significand: Self { Self(exact: float.significand) }
  public var magnitude: Self { Self(exact: float.magnitude) }
  public var ulp: Self {
    guard isFinite else { return .nan }
    return isNormal ? Self.power(of: exponent - Layout.fractionBitCount) : .leastNonzeroMagnitude
  }
  public var nextUp: Self {
    if isNaN || self == .infinity { return self }
    if isZero { return .leastNonzeroMagnitude }
    return Self(bitPattern: sign == .plus ? bitPattern + 1 : bitPattern - 1)
  }

  public var isNormal: Bool { isFinite && magnitude >= .leastNormalMagnitude }
  public var isFinite: Bool { float.isFinite }
  public var isZero: Bool { float.isZero }
  public var isSubnormal: Bool { !isZero && magnitude < .leastNormalMagnitude }
  public var isInfinite: Bool { float.isInfinite }
  public var isNaN: Bool { float.isNaN }
  public var isSignalingNaN: Bool { float.isSignalingNaN }
  public var isCanonical: Bool { true }

  public func isEqual(to other: Self) -> Bool { float == other.float }
  public func isLess(than other: Self) -> Bool { float < other.float }
  public func isLessThanOrEqualTo(_ other: Self) -> Bool { float <= other.float }

  public func isTotallyOrdered(belowOrEqualTo other: Self) -> Bool {
    float.isTotallyOrdered(belowOrEqualTo: other.float)
  }

  public static func maximum(_ a: Self, _ b: Self) -> Self {
    Self(exact: Float.maximum(a.float, b.float))
  }
  public static func minimum(_ a: Self, _ b: Self) -> Self {
    Self(exact: Float.minimum(a.float, b.float))
  }

  public func distance(to other: Self) -> Self { other - self }
  public func advanced(by amount: Self) -> Self { self + amount }

  public mutating func round(_ rule: FloatingPointRoundingRule) {
    self = Self(float.rounded(rule))
  }
}

// MARK: - Arithmetic

extension NarrowFloat {
  public static func == (a: Self, b: Self) -> Bool { a.float == b.float }
  public static func < (a: Self, b: Self) -> Bool { a.float < b.float }

  public static func + (a: Self, b: Self) -> Self { Self(a.float + b.float) }
  public static func - (a: Self, b: Self) -> Self { Self(a.float - b.float) }
  public static func * (a: Self, b: Self) -> Self { Self(a.float * b.float) }
  public static func / (a: Self, b: Self) -> Self { Self(a.float / b.float) }
  public static func += (a: inout Self, b: Self) { a = a + b }
  public static func -= (a: inout Self, b: Self) { a = a - b }
  public static func *= (a: inout Self, b: Self) { a = a * b }
  public static func /= (a: inout Self, b: Self) { a = a / b }

  public static prefix func - (a: Self) -> Self {
    Self(exact: -a.float)
  }

  public mutating func negate() { self = -self }

  public mutating func formRemainder(dividingBy other: Self) {
    self = Self(float.remainder(dividingBy: other.float))
  }

  public mutating func formTruncatingRemainder(dividingBy other: Self) {
    self = Self(float.truncatingRemainder(dividingBy: other.float))
  }

  public mutating func formSquareRoot() { self = Self(float.squareRoot()) }

  /// A multiply-add with an exact product; the sum is rounded to float64, and from there to the format.
  public mutating func addProduct(_ a: Self, _ b: Self) {
    self = Self(roundingOnce: (Double(float)).addingProduct(Double(a.float), Double(b.float)))
  }
}
