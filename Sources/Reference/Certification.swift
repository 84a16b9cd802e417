internal import FloatFormats
internal import Multiprecision

/// Ziv's strategy: enclose, round both ends, and raise the precision of what is left undecided.
///
/// A. Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit",
/// ACM TOMS 17 (1991). It ends for every value that is not itself a breakpoint of the format (a
/// number or a midpoint) and for every enclosure that is open or a point at such a one. By the
/// theorem of Lindemann and Weierstrass the values that are neither rational nor enclosed as points
/// are transcendental; the rational ones that are no dyadic numbers are no breakpoints.
enum Certification {
  /// Beyond a format's precision: one wrong decision in 2^20 costs a second round, and the errors
  /// that are measured from the enclosure are good to 2⁻¹⁵ ulp.
  static let guardBits = 20

  /// The precision at which a value is given up whose irrationality no theorem settles.
  static let precisionCap = 4096

  /// One round of the strategy.
  struct Attempt {
    /// The number of bits that the tail was computed in.
    let precision: Int
    /// Why the strategy ends for this value.
    let ground: Ground
    /// For a rational value, the bits of its numerator and denominator together.
    let rationalBitCount: Int?
    /// Whether no greater precision is tried after this one.
    var isLast = false
  }

  /// Calls `decide` with each output's enclosures at rising precision until it returns true.
  ///
  /// - Parameter indices: The outputs that are asked for; nil for all.
  /// - Throws: `undecided` where the cap is reached on unsettled ground.
  static func enclose(
    _ function: any ExactFunction, _ indices: [Int]? = nil, from precision: Int,
    onLimit: (Int, LimitValue) -> Void,
    decide: (Int, borrowing Enclosure, Attempt) -> Bool
  ) throws(ReferenceError) {
    var pending = indices ?? Array(0..<function.count)
    var precision = precision + function.precisionLoss
    while !pending.isEmpty {
      var undecided: [Int] = []
      var failure: ReferenceError?
      let isLast = precision >= function.greatestPrecision
      function.enclose(pending, precision: precision) { index, entry in
        switch consume entry {
        case .limit(let limit): onLimit(index, limit)
        case .real(let number):
          let attempt = Attempt(
            precision: precision, ground: number.isRational ? .rational : function.ground,
            rationalBitCount: number.isRational ? number.rationalBitCount : nil, isLast: isLast)
          let enclosure = number.enclosure(precision: precision)
          guard !decide(index, enclosure, attempt) else { return }
          undecided.append(index)
          if isLast, failure == nil { failure = .undecided(enclosure, precision: precision) }
        }
      }
      if let failure { throw failure }
      pending = undecided
      precision *= 2
    }
  }

  /// Calls `receive` with outputs of `function`, correctly rounded.
  static func round(
    _ function: any ExactFunction, _ indices: [Int], to format: FloatFormat,
    _ direction: RoundingDirection, _ receive: (Int, CertifiedValue) -> Void
  ) throws(ReferenceError) {
    try withExactArithmetic { () throws(ReferenceError) in
      try enclose(
        function, indices, from: format.precision + guardBits,
        onLimit: { index, limit in receive(index, CertifiedValue(limit: limit, format: format)) },
        decide: { index, enclosure, attempt in
          let value = CertifiedValue(enclosure, format: format, direction, attempt: attempt)
          if let value { receive(index, value) }
          return value != nil
        })
    }
  }
}

/// Runs `body` with the widest exponents that MPFR has, in standard arithmetic.
func withExactArithmetic<Output>(
  _ body: () throws(ReferenceError) -> Output
) throws(ReferenceError) -> Output {
  try ExponentRange.withWidest { () throws(ReferenceError) in
    try withStandardArithmetic(body)
  }
}

extension ReferenceError {
  fileprivate static func undecided(
    _ enclosure: borrowing Enclosure, precision: Int
  ) -> ReferenceError {
    let wide = FloatFormat.widest
    return .undecided(
      precision: precision, lower: wide.rounded(enclosure.lower, .down).hexadecimal,
      upper: wide.rounded(enclosure.upper, .up).hexadecimal)
  }
}

extension CertifiedValue {
  fileprivate init(limit: LimitValue, format: FloatFormat) {
    let unbounded: FloatValue =
      switch limit {
      case .notANumber: .nan
      case .positiveInfinity: .infinity
      case .negativeInfinity: .infinity(isNegative: true)
      }
    self.init(limit: format.rounded(unbounded, .nearestEven), format: format)
  }

  /// A limit, rounded to the format.
  init(limit: FloatValue, format: FloatFormat) {
    self.init(
      value: limit, approximation: nil,
      ulpExponent: format.ulpExponent(binaryExponent: format.leastExponent),
      workingPrecision: 0, ground: .limit)
  }

  /// What `enclosure` certifies; nil where it is too wide.
  init?(
    _ enclosure: borrowing Enclosure, format: FloatFormat, _ direction: RoundingDirection,
    attempt: Certification.Attempt
  ) {
    guard let value = format.rounded(enclosure, direction) else { return nil }
    // The ulp is that of the binade that holds the value: known where both ends, approached from
    // inside, lie in the same binade or below the normal range. Where the last precision leaves a value
    // on either side of a power of two, it is that power's own, as if the value were the power.
    let inner = enclosure.innerBounds()
    let exponent = { (e: Int?) in format.ulpExponent(binaryExponent: e ?? format.leastExponent) }
    let ulpExponents = (exponent(inner.lower.binaryExponent), exponent(inner.upper.binaryExponent))
    guard ulpExponents.0 == ulpExponents.1 || attempt.isLast else { return nil }
    let ulpExponent = max(ulpExponents.0, ulpExponents.1)
    // A difference may leave few digits: enough to round, but not to measure from.
    var width = BigFloat(precision: 32)
    width.assignDifference(inner.upper, inner.lower, rounding: .up)
    guard width.isZero || (width.binaryExponent ?? .max) < ulpExponent - 16 else { return nil }
    self.init(
      value: value,
      approximation: FloatFormat.approximation(inner.lower, ulpExponent: ulpExponent),
      ulpExponent: ulpExponent, workingPrecision: attempt.precision, ground: attempt.ground)
  }
}

extension FloatFormat {
  /// `value` to 2⁻⁴⁰ ulp or to 120 bits, whichever is coarser.
  fileprivate static func approximation(
    _ value: borrowing BigFloat, ulpExponent: Int
  ) -> FloatValue {
    guard let e = value.binaryExponent, e >= ulpExponent - 40 else {
      return .zero(isNegative: value.isNegative)
    }
    let rounded = value.rounded(precision: min(120, e - ulpExponent + 41), .nearestEven)
    guard let (significand, exponent) = rounded.significandAndExponent else { return .nan }
    return FloatValue(isNegative: value.isNegative, significand: significand, exponent: exponent)
  }
}
