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
    if let (significand, exponent) = result.significandAndExponent {
      let rounded = FloatValue(
        isNegative: isNegative, significand: significand, exponent: exponent)
      if !greatestFinite.isLess(than: rounded.magnitude) { return rounded }
    }
    // With an unbounded exponent range the result would be too large: IEEE 754, section 7.4.
    let awayFromZero =
      switch direction {
      case .nearestEven: true
      case .towardZero: false
      case .up: !isNegative
      case .down: isNegative
      }
    return awayFromZero
      ? overflow(isNegative: isNegative) : signed(greatestFinite, isNegative: isNegative)
  }

  /// The finite or infinite `value` of another format, correctly rounded to this one.
  public func rounded(_ value: FloatValue, _ direction: RoundingDirection) -> FloatValue {
    switch value.kind {
    case .nan: .nan
    case .infinite: overflow(isNegative: value.isNegative)
    case .finite: contains(value) ? value : rounded(BigFloat(value), direction)
    }
  }

  /// Rounds a magnitude below the least subnormal, to it or to zero.
  private func roundedBelowLeast(
    _ value: borrowing BigFloat, binaryExponent e: Int, _ direction: RoundingDirection
  ) -> FloatValue {
    let isNegative = value.isNegative
    let isUp =
      switch direction {
      // Half the least subnormal itself is a tie, and zero is the even one.
      case .nearestEven:
        e == leastSubnormal.exponent - 1 && value.significantBitCount > 1
      case .towardZero: false
      case .up: !isNegative
      case .down: isNegative
      }
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
