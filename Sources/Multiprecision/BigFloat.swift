internal import CMPFR

/// A floating-point number of a chosen precision: the owner of one `mpfr_t`.
///
/// Every operation that can round takes its direction, which has no default, and the precision is
/// always the destination's. There are no operators: each would hide one of the two.
///
/// The value cannot be copied, only moved; its memory is freed when its owner goes. A moved value
/// keeps its limbs on the heap, so nothing points into the structure itself.
public struct BigFloat: ~Copyable {
  private var storage: mpfr_t

  /// A NaN of `precision` bits, to be assigned to.
  ///
  /// - Parameter precision: The number of significand bits, at least 1; less becomes 1.
  public init(precision: Int) {
    storage = mpfr_t()
    mpfr_init2(&storage, mpfr_prec_t(max(precision, 1)))
  }

  deinit {
    var storage = storage
    mpfr_clear(&storage)
  }

  /// The number of significand bits.
  public var precision: Int { read { Int(mpfr_get_prec($0)) } }

  /// Calls `body` with the C value, for reading.
  borrowing func read<Result>(_ body: (UnsafePointer<__mpfr_struct>) -> Result) -> Result {
    withUnsafePointer(to: storage, body)
  }

  /// Calls `body` with the C value, for writing.
  mutating func write<Result>(
    _ body: (UnsafeMutablePointer<__mpfr_struct>) -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &storage, body)
  }
}

extension BigFloat {
  /// A copy with the same precision and value.
  public borrowing func copy() -> BigFloat {
    var result = BigFloat(precision: precision)
    result.assign(self, rounding: .towardZero)
    return result
  }

  /// This value in `precision` bits.
  public borrowing func rounded(precision: Int, _ direction: RoundingDirection) -> BigFloat {
    var result = BigFloat(precision: precision)
    result.assign(self, rounding: direction)
    return result
  }

  /// The small integer `value`, exactly.
  public init(_ value: Int) {
    self.init(precision: Int.bitWidth)
    write { _ = mpfr_set_si($0, value, MPFR_RNDN) }
  }
}

// MARK: - What kind of value

extension BigFloat {
  /// Whether this is not a number.
  public var isNaN: Bool { read { mpfr_nan_p($0) != 0 } }
  /// Whether this is +∞ or −∞.
  public var isInfinite: Bool { read { mpfr_inf_p($0) != 0 } }
  /// Whether this is ±0.
  public var isZero: Bool { read { mpfr_zero_p($0) != 0 } }
  /// Whether the sign bit is set, as it is for −0.
  public var isNegative: Bool { read { mpfr_signbit($0) != 0 } }
  /// −1, 0 or 1.
  public var signum: Int { read { Int(mpfr_sgn($0).signum()) } }

  /// The least number of bits that hold the value exactly: 0 for zero and the non-finite.
  public var significantBitCount: Int { read { Int(mpfr_min_prec($0)) } }

  /// The integer e with 2^e ≤ |value| < 2^(e+1); nil for zero and the non-finite.
  public var binaryExponent: Int? {
    read { mpfr_regular_p($0) == 0 ? nil : Int(mpfr_get_exp($0)) - 1 }
  }

  /// Whether both are numbers and equal; +0 equals −0.
  public borrowing func isEqual(to other: borrowing BigFloat) -> Bool {
    read { a in other.read { b in mpfr_equal_p(a, b) != 0 } }
  }

  /// Whether both are numbers and this one is the smaller.
  public borrowing func isLess(than other: borrowing BigFloat) -> Bool {
    read { a in other.read { b in mpfr_less_p(a, b) != 0 } }
  }
}
