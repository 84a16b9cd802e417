public import FloatFormats

/// Why the search for a deciding enclosure was sure to end.
public enum Ground: String, Hashable, Sendable {
  /// A limit or a convention settles the value: an infinity, a NaN, or what they leave.
  case limit
  /// The value is rational and was decided by rational arithmetic.
  case rational
  /// The value is irrational by the theorem of Lindemann and Weierstrass, so it is no breakpoint.
  case lindemannWeierstrass = "lindemann-weierstrass"
  /// No theorem says so: the value was decided below the precision cap, as most are.
  case unsettled
}

/// A correctly rounded value with what certifies it.
public struct CertifiedValue: Hashable, Sendable {
  /// The exact value, correctly rounded.
  public let value: FloatValue
  /// A number within 2⁻¹⁵ ulp of the exact value; nil where that is not finite.
  ///
  /// Unlike `value` it has no rounding error to speak of, so errors in ulps are measured from it.
  public let approximation: FloatValue?
  /// The unit in the last place of the output format at the exact value is 2 to this power.
  public let ulpExponent: Int
  /// The number of bits in which the deciding enclosure was computed; 0 for a limit.
  public let workingPrecision: Int
  /// Why the search was sure to end.
  public let ground: Ground
}
