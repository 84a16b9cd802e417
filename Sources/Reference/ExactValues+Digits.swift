internal import FloatFormats
internal import Multiprecision

extension ExactValues {
  /// The outputs to `count` significant decimal digits, each correctly rounded, ties to even.
  ///
  /// Infinities and NaN are `inf`, `-inf`, `nan`, and an exact zero is `0`.
  ///
  /// - Throws: `undecided` as `rounded(to:_:)`; `belowExponentRange` for a value such as
  ///   σ(−10³⁰⁰), which is too small to have digits here.
  /// - Complexity: That of evaluating the function in about 3.3 · `count` bits.
  public func decimalDigits(_ count: Int) throws(ReferenceError) -> [String] {
    let count = max(count, 1)
    return try withExactArithmetic { () throws(ReferenceError) -> [String] in
      var texts = [String](repeating: "", count: self.count)
      var isBelowRange = false
      // log₂ 10 < 3.33.
      let precision = count * 333 / 100 + Certification.guardBits
      try Certification.enclose(
        function, from: precision,
        onLimit: { index, limit in texts[index] = limit.text },
        decide: { index, enclosure, attempt in
          if enclosure.isBelowExponentRange {
            isBelowRange = true
            return true
          }
          guard let text = enclosure.decimalText(digitCount: count, attempt) else { return false }
          texts[index] = text
          return true
        })
      if isBelowRange { throw .belowExponentRange }
      return texts
    }
  }
}

extension LimitValue {
  fileprivate var text: String {
    switch self {
    case .notANumber: "nan"
    case .positiveInfinity: "inf"
    case .negativeInfinity: "-inf"
    }
  }
}

extension Enclosure {
  /// Whether one end has underflowed: no precision gives the value a first digit.
  fileprivate var isBelowExponentRange: Bool {
    !isPoint && (lower.isZero || upper.isZero)
  }

  /// The value to so many digits, where this enclosure decides them.
  fileprivate borrowing func decimalText(
    digitCount: Int, _ attempt: Certification.Attempt
  ) -> String? {
    if isPoint {
      return lower.isZero
        ? "0" : lower.decimalDigits(count: digitCount, rounding: .nearestEven)?.untrimmedText
    }
    // An open end that is itself a midpoint of decimals, as the head of a tiny tail can be, goes by
    // the side that the value lies on.
    let fromLower: RoundingDirection =
      lower.isDecimalMidpoint(digitCount: digitCount) ? .up : .nearestEven
    let fromUpper: RoundingDirection =
      upper.isDecimalMidpoint(digitCount: digitCount) ? .down : .nearestEven
    guard let below = lower.decimalDigits(count: digitCount, rounding: fromLower),
      let above = upper.decimalDigits(count: digitCount, rounding: fromUpper)
    else { return nil }
    if below == above { return below.untrimmedText }
    // A rational value can be a midpoint of decimals, 1/40 = 0.025 say, and then no enclosure
    // decides. But a rational number that is not the midpoint lies a known distance away from it.
    guard let bits = attempt.rationalBitCount,
      attempt.precision > bits + 8 * (digitCount + abs(below.pointPosition)) + 64
    else { return nil }
    let isEven = below.digits.last.flatMap(\.wholeNumberValue).map { $0.isMultiple(of: 2) } ?? true
    return isEven ? below.untrimmedText : above.untrimmedText
  }
}

extension BigFloat {
  /// Whether the value lies halfway between two decimals of so many digits.
  fileprivate borrowing func isDecimalMidpoint(digitCount: Int) -> Bool {
    guard let digits = decimalDigits(count: digitCount + 1, rounding: .towardZero),
      digits.digits.hasSuffix("5"),
      let read = Enclosure.decimal(digits.untrimmedText, precision: precision + 4)
    else { return false }
    return read.isPoint && read.lower.isEqual(to: self)
  }
}
