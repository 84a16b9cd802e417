internal import FastKernels
package import FloatFormats

/// Rounds doubles to a format of at most 24 bits, and tells where a proven bound decides.
package struct RoundingTest: Sendable {
  /// What the doubles are, and with it what has been proven of them.
  package enum Subject: Sendable { case oneLogit, softGradient, row, rowOfMean }

  private let precision: Int
  private let greatest: Double
  private let above: Double
  /// What errors are measured by, and with it the factor `below` and the least normal number.
  let scale: LOErrorScale

  /// The test for a format that float32 holds.
  package init(_ format: FloatFormat, _ subject: Subject = .oneLogit) {
    precision = format.precision
    greatest = format.greatestFinite.double
    let below: Double
    (below, above) =
      switch subject {
      case .oneLogit: (lo_below, lo_above)
      case .softGradient: (lo_softBelow, lo_softAbove)
      case .row: (lo_rowBelow, lo_rowAbove)
      case .rowOfMean: (lo_meanBelow, lo_meanAbove)
      }
    scale = LOErrorScale(
      below: below,
      leastNormal: format.leastNormal.double,
      inverseUnitBits: UInt64(2046 + format.fractionBitCount) << 52)
  }

  /// The two ends of an enclosure of the exact value, from an approximation within the bound.
  @inline(__always)
  package func ends(_ approximation: Double) -> (inner: Double, outer: Double) {
    (approximation * scale.below, approximation * above)
  }

  /// The correctly rounded value; nil where the bound does not decide. Exact in a `Float`.
  package func rounded(_ approximation: Double) -> Float? {
    rounded(ends(approximation))
  }

  /// What all numbers between the ends round to; nil where they do not agree.
  package func rounded(_ ends: (inner: Double, outer: Double)) -> Float? {
    let value = nearest(ends.inner)
    return value == nearest(ends.outer) ? Float(value) : nil
  }

  /// Rounds them all: NaN where the bound does not decide.
  ///
  /// - Returns: The number of those.
  package func round(
    _ approximations: UnsafeBufferPointer<Double>, to format: FloatFormat,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    precondition(values.count >= approximations.count)
    guard let start = approximations.baseAddress, let out = values.baseAddress else { return 0 }
    if format == .float32 {
      return lo_round_float(start, approximations.count, scale.below, above, out)
    }
    return lo_round_narrow(
      start, approximations.count, scale.below, above, Int32(precision), scale.leastNormal,
      greatest,
      out)
  }

  /// Rounds −((maximum − x) + tail) for all logits x to float32, and returns whether the bound decides all.
  func roundLogProbabilities(
    _ logits: UnsafeBufferPointer<Float>, maximum: Double, tail: Double,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    precondition(values.count >= logits.count)
    return lo_round_log_probabilities(
      logits.baseAddress, logits.count, maximum, tail, scale.below, above, values.baseAddress) == 0
  }

  /// The nearest number of the format, ties to even: the quotient by the unit in the last place, a
  /// power of two, is exact, and so is the product.
  private func nearest(_ value: Double) -> Double {
    guard value.isFinite else { return value }
    let binade = max(value.magnitude, scale.leastNormal).exponent
    let unit = Double(sign: .plus, exponent: Int(binade) - precision + 1, significand: 1)
    let rounded = (value / unit).rounded(.toNearestOrEven) * unit
    return rounded.magnitude <= greatest ? rounded : rounded * .infinity
  }
}
