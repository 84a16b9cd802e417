// `FloatingPoint` by way of `Float`: see `BFloat16` for why the arithmetic is correctly rounded.

extension BFloat16: FloatingPoint {
  public typealias Exponent = Int
  public typealias Magnitude = BFloat16
  public typealias Stride = BFloat16

  public static var radix: Int { 2 }
  public static var nan: BFloat16 { BFloat16(bitPattern: 0x7FC0) }
  public static var signalingNaN: BFloat16 { BFloat16(bitPattern: 0x7FA0) }
  public static var infinity: BFloat16 { BFloat16(bitPattern: 0x7F80) }
  public static var greatestFiniteMagnitude: BFloat16 { BFloat16(bitPattern: 0x7F7F) }
  public static var leastNormalMagnitude: BFloat16 { BFloat16(bitPattern: 0x0080) }
  public static var leastNonzeroMagnitude: BFloat16 { BFloat16(bitPattern: 0x0001) }
  public static var ulpOfOne: BFloat16 { BFloat16(bitPattern: 0x3C00) }
  /// π rounded toward zero, as the protocol asks.
  public static var pi: BFloat16 { BFloat16(bitPattern: 0x4049) }

  public init(sign: FloatingPointSign, exponent: Int, significand: BFloat16) {
    self.init(Float(sign: sign, exponent: exponent, significand: significand.float))
  }

  public init(signOf sign: BFloat16, magnitudeOf magnitude: BFloat16) {
    self.init(bitPattern: sign.bitPattern & 0x8000 | magnitude.bitPattern & 0x7FFF)
  }

  public init<Source: BinaryInteger>(_ value: Source) {
    self.init(roundingOnce: Double(value))
  }

  public init?<Source: BinaryInteger>(exactly value: Source) {
    guard let float = Float(exactly: value), BFloat16(float).float == float else { return nil }
    self.init(float)
  }

  public init(integerLiteral value: Int) {
    self.init(value)
  }

  /// The nearest number to a double, without a rounding to float32 in between: the bits that float32
  /// drops are gathered into its last ("round to odd"), which rounds on as the double would.
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

  public var sign: FloatingPointSign { bitPattern & 0x8000 == 0 ? .plus : .minus }
  public var exponent: Int { Int(float.exponent) }
  public var significand: BFloat16 { BFloat16(float.significand) }
  public var magnitude: BFloat16 { BFloat16(bitPattern: bitPattern & 0x7FFF) }
  public var ulp: BFloat16 {
    guard isFinite else { return .nan }
    return isNormal
      ? BFloat16(Float(sign: .plus, exponent: exponent - 7, significand: 1))
      : .leastNonzeroMagnitude
  }
  public var nextUp: BFloat16 {
    if isNaN || self == .infinity { return self }
    if isZero { return .leastNonzeroMagnitude }
    return BFloat16(bitPattern: sign == .plus ? bitPattern + 1 : bitPattern - 1)
  }

  public var isNormal: Bool { float.isNormal }
  public var isFinite: Bool { float.isFinite }
  public var isZero: Bool { float.isZero }
  public var isSubnormal: Bool { float.isSubnormal }
  public var isInfinite: Bool { float.isInfinite }
  public var isNaN: Bool { float.isNaN }
  public var isSignalingNaN: Bool { isNaN && bitPattern & 0x0040 == 0 }
  public var isCanonical: Bool { true }

  public func isEqual(to other: BFloat16) -> Bool { float == other.float }
  public func isLess(than other: BFloat16) -> Bool { float < other.float }
  public func isLessThanOrEqualTo(_ other: BFloat16) -> Bool { float <= other.float }

  public func isTotallyOrdered(belowOrEqualTo other: BFloat16) -> Bool {
    float.isTotallyOrdered(belowOrEqualTo: other.float)
  }

  public func distance(to other: BFloat16) -> BFloat16 { other - self }
  public func advanced(by amount: BFloat16) -> BFloat16 { self + amount }

  public mutating func round(_ rule: FloatingPointRoundingRule) {
    self = BFloat16(float.rounded(rule))
  }
}

// MARK: - Arithmetic

extension BFloat16 {
  public static func == (a: BFloat16, b: BFloat16) -> Bool { a.float == b.float }
  public static func < (a: BFloat16, b: BFloat16) -> Bool { a.float < b.float }

  public static func + (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float + b.float) }
  public static func - (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float - b.float) }
  public static func * (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float * b.float) }
  public static func / (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float / b.float) }
  public static func += (a: inout BFloat16, b: BFloat16) { a = a + b }
  public static func -= (a: inout BFloat16, b: BFloat16) { a = a - b }
  public static func *= (a: inout BFloat16, b: BFloat16) { a = a * b }
  public static func /= (a: inout BFloat16, b: BFloat16) { a = a / b }

  public static prefix func - (a: BFloat16) -> BFloat16 {
    BFloat16(bitPattern: a.bitPattern ^ 0x8000)
  }

  public mutating func negate() { bitPattern ^= 0x8000 }

  public mutating func formRemainder(dividingBy other: BFloat16) {
    self = BFloat16(float.remainder(dividingBy: other.float))
  }

  public mutating func formTruncatingRemainder(dividingBy other: BFloat16) {
    self = BFloat16(float.truncatingRemainder(dividingBy: other.float))
  }

  public mutating func formSquareRoot() { self = BFloat16(float.squareRoot()) }

  /// A multiply-add with an exact product; the sum is rounded to float64 and from there to 8 bits.
  public mutating func addProduct(_ a: BFloat16, _ b: BFloat16) {
    self = BFloat16(roundingOnce: (Double(float)).addingProduct(Double(a.float), Double(b.float)))
  }
}
