public import Multiprecision

extension BigFloat {
  /// The finite value, exactly.
  ///
  /// - Precondition: `value` is finite; what is not becomes NaN.
  public init(_ value: FloatValue) {
    guard value.isFinite else {
      self.init(precision: 1)
      return
    }
    self.init(
      isNegative: value.isNegative, significand: value.significand, exponent: value.exponent)
  }
}

extension FloatFormat {
  /// The value enclosed, correctly rounded, where the enclosure decides it.
  ///
  /// An open interval is rounded at its ends as approached from inside, so that an end that is
  /// itself a number of the format or a midpoint decides by the side the value lies on.
  ///
  /// - Returns: nil where the two ends round apart: the enclosure is too wide.
  public func rounded(
    _ enclosure: borrowing Enclosure, _ direction: RoundingDirection
  ) -> FloatValue? {
    guard !enclosure.lower.isNaN, !enclosure.upper.isNaN else { return nil }
    if enclosure.isPoint {
      // The zeros of exact arithmetic have no sign.
      return enclosure.lower.isZero ? .zero : rounded(enclosure.lower, direction)
    }
    // The next number of more than p + 2 bits stands strictly between the end and the format's
    // next breakpoint (numbers and midpoints have at most p + 1 bits), so it rounds as the limit.
    let inner = enclosure.innerBounds(precision: precision + 2)
    let fromBelow = rounded(inner.lower, direction)
    return fromBelow == rounded(inner.upper, direction) ? fromBelow : nil
  }

  /// The exact number `value`, correctly rounded.
  ///
  /// A zero keeps its sign, and so does a number that rounds to zero.
  public func rounded(
    _ value: borrowing BigFloat, _ direction: RoundingDirection
  ) -> FloatValue {
    let isNegative = value.isNegative
    if value.isNaN { return .nan }
    if value.isInfinite { return overflow(isNegative: isNegative) }
    guard let e = value.binaryExponent else { return .zero(isNegative: isNegative) }

    let bitCount = e - ulpExponent(binaryExponent: e) + 1
    guard bitCount >= 1 else {
      return roundedBelowLeast(value, binaryExponent: e, direction)
    }
    let result = value.rounded(precision: bitCount, direction)
    // Where there are none, the rounding has overflowed MPFR's own range.
    guard let (significand, exponent) = result.significandAndExponent else {
      return tooGreat(isNegative: isNegative, direction)
    }
    let rounded = FloatValue(isNegative: isNegative, significand: significand, exponent: exponent)
    return isTooGreat(rounded) ? tooGreat(isNegative: isNegative, direction) : rounded
  }

  /// The `value` of another format, correctly rounded to this one.
  public func rounded(_ value: FloatValue, _ direction: RoundingDirection) -> FloatValue {
    let isNegative = value.isNegative
    guard let e = value.binaryExponent else {
      return value.isInfinite ? overflow(isNegative: isNegative) : value
    }
    let ulpExponent = ulpExponent(binaryExponent: e)
    let excess = ulpExponent - value.exponent
    var rounded = value
    if excess > 0 {
      let kept = value.significand >> excess
      // The significand is odd, so something is cut off.
      let rest = value.significand - kept << excess
      let isAway =
        switch direction {
        // Of more than 128 bits it is less than half.
        case .nearestEven where excess > 128: false
        case .nearestEven: rest > 1 << (excess - 1) || rest == 1 << (excess - 1) && kept & 1 == 1
        default: direction.isAway(isNegative: isNegative)
        }
      rounded = FloatValue(
        isNegative: isNegative, significand: kept + (isAway ? 1 : 0), exponent: ulpExponent)
    }
    return isTooGreat(rounded) ? tooGreat(isNegative: isNegative, direction) : rounded
  }

  /// What is too large for the format with an unbounded exponent range: IEEE 754, section 7.4.
  private func tooGreat(isNegative: Bool, _ direction: RoundingDirection) -> FloatValue {
    direction == .nearestEven || direction.isAway(isNegative: isNegative)
      ? overflow(isNegative: isNegative) : signed(greatestFinite, isNegative: isNegative)
  }

  /// Rounds a magnitude below the least subnormal, to it or to zero.
  private func roundedBelowLeast(
    _ value: borrowing BigFloat, binaryExponent e: Int, _ direction: RoundingDirection
  ) -> FloatValue {
    let isNegative = value.isNegative
    // Half the least subnormal itself is a tie, and zero is the even one.
    let isUp =
      direction == .nearestEven
      ? e == leastSubnormal.exponent - 1 && value.significantBitCount > 1
      : direction.isAway(isNegative: isNegative)
    return isUp
      ? signed(leastSubnormal, isNegative: isNegative) : .zero(isNegative: isNegative)
  }

  private func overflow(isNegative: Bool) -> FloatValue {
    signed(overflowed, isNegative: isNegative)
  }

  private func signed(_ value: FloatValue, isNegative: Bool) -> FloatValue {
    isNegative ? value.negated : value
  }
}

extension RoundingDirection {
  /// Whether what is inexact goes away from zero; false to nearest, where it depends.
  fileprivate func isAway(isNegative: Bool) -> Bool { self == (isNegative ? .down : .up) }
}
