/// A value of some binary floating-point format, without the format.
///
/// A finite value is (−1)^sign · significand · 2^exponent, exactly, with at most 128 bits of
/// significand. It is kept in one canonical form, with an odd significand, so equal values compare
/// equal whichever format they came from. −0 differs from +0; NaN equals NaN: these are data, and
/// what IEEE 754 says of comparisons is the business of those who compute with them.
public struct FloatValue: Hashable, Sendable {
  /// What a value can be.
  public enum Kind: UInt8, Hashable, Sendable {
    /// A finite number, zeros among them.
    case finite
    /// +∞ or −∞.
    case infinite
    /// Not a number.
    case nan
  }

  /// What this value is.
  public let kind: Kind
  /// Whether the sign bit is set; false for NaN.
  public let isNegative: Bool
  /// The odd significand, or 0 for zeros and the non-finite.
  public let significand: UInt128
  /// The exponent of the significand's last bit; 0 for zeros and the non-finite.
  public let exponent: Int

  init(kind: Kind, isNegative: Bool, significand: UInt128 = 0, exponent: Int = 0) {
    self.kind = kind
    self.isNegative = isNegative
    self.significand = significand
    self.exponent = exponent
  }

  /// The finite value (−1)^`isNegative` · `significand` · 2^`exponent`.
  public init(isNegative: Bool, significand: UInt128, exponent: Int) {
    kind = .finite
    self.isNegative = isNegative
    let zeros = significand == 0 ? 0 : significand.trailingZeroBitCount
    self.significand = significand >> zeros
    self.exponent = significand == 0 ? 0 : exponent + zeros
  }
}

extension FloatValue {
  /// Not a number.
  public static let nan = FloatValue(kind: .nan, isNegative: false)
  /// +∞.
  public static let infinity = infinity(isNegative: false)
  /// +0.
  public static let zero = zero(isNegative: false)
  /// 1.
  public static let one = FloatValue(isNegative: false, significand: 1, exponent: 0)

  /// +∞ or −∞.
  public static func infinity(isNegative: Bool) -> FloatValue {
    FloatValue(kind: .infinite, isNegative: isNegative)
  }

  /// +0 or −0.
  public static func zero(isNegative: Bool) -> FloatValue {
    FloatValue(kind: .finite, isNegative: isNegative)
  }

  /// Whether this is a number other than ±∞.
  public var isFinite: Bool { kind == .finite }
  /// Whether this is +∞ or −∞.
  public var isInfinite: Bool { kind == .infinite }
  /// Whether this is not a number.
  public var isNaN: Bool { kind == .nan }
  /// Whether this is +0 or −0.
  public var isZero: Bool { kind == .finite && significand == 0 }

  /// The integer e with 2^e ≤ |value| < 2^(e+1); nil for zeros and the non-finite.
  public var binaryExponent: Int? {
    significand == 0 ? nil : exponent + 127 - significand.leadingZeroBitCount
  }

  /// The value with its sign changed; NaN stays NaN.
  public var negated: FloatValue {
    FloatValue(
      kind: kind, isNegative: !isNegative && !isNaN, significand: significand, exponent: exponent)
  }

  /// The absolute value.
  public var magnitude: FloatValue { isNegative ? negated : self }
}

// MARK: - Order

extension FloatValue {
  /// Whether this is less than `other` as IEEE 754 compares: −0 equals +0, NaN is unordered.
  public func isLess(than other: FloatValue) -> Bool {
    guard !isNaN, !other.isNaN, !(isZero && other.isZero) else { return false }
    guard isNegative == other.isNegative else { return isNegative }
    return isNegative ? other.magnitudeIsLess(than: self) : magnitudeIsLess(than: other)
  }

  /// Whether the two are the same number as IEEE 754 compares: −0 equals +0, NaN equals nothing.
  public func isNumericallyEqual(to other: FloatValue) -> Bool {
    !isNaN && (self == other || (isZero && other.isZero))
  }

  private func magnitudeIsLess(than other: FloatValue) -> Bool {
    guard isFinite, other.isFinite else { return isFinite && other.isInfinite }
    guard let mine = binaryExponent else { return !other.isZero }
    guard let its = other.binaryExponent else { return false }
    guard mine == its else { return mine < its }
    // The same binade: compare the significands with their leading bits aligned.
    return significand << significand.leadingZeroBitCount
      < other.significand << other.significand.leadingZeroBitCount
  }
}
