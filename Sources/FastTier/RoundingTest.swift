internal import FastKernels
public import FloatFormats

/// Rounds doubles to a format of at most 24 bits, and tells where a proven bound decides.
public struct RoundingTest: Sendable {
  /// What the doubles are, and with it what has been proven of them.
  public enum Subject: Sendable { case oneLogit, row }

  private let precision: Int
  private let leastNormal: Double
  private let greatest: Double
  private let below: Double
  private let above: Double

  /// The test for a format that float32 holds.
  public init(_ format: FloatFormat, _ subject: Subject = .oneLogit) {
    precision = format.precision
    leastNormal = format.leastNormal.double
    greatest = format.greatestFinite.double
    below = subject == .oneLogit ? lo_below : lo_rowBelow
    above = subject == .oneLogit ? lo_above : lo_rowAbove
  }

  /// The two ends of an enclosure of the exact value, from an approximation within the bound.
  @inline(__always)
  public func ends(_ approximation: Double) -> (inner: Double, outer: Double) {
    (approximation * below, approximation * above)
  }

  /// The correctly rounded value; nil where the bound does not decide. Exact in a `Float`.
  public func rounded(_ approximation: Double) -> Float? {
    rounded(ends(approximation))
  }

  /// What all numbers between the ends round to; nil where they do not agree.
  public func rounded(_ ends: (inner: Double, outer: Double)) -> Float? {
    let value = nearest(ends.inner)
    return value == nearest(ends.outer) ? Float(value) : nil
  }

  /// Rounds them all: NaN where the bound does not decide.
  ///
  /// - Returns: The number of those.
  public func round(
    _ approximations: UnsafeBufferPointer<Double>, to format: FloatFormat,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    precondition(values.count >= approximations.count)
    guard let start = approximations.baseAddress, let out = values.baseAddress else { return 0 }
    if format == .float32 {
      return lo_round_float(start, approximations.count, below, above, out)
    }
    return lo_round_narrow(
      start, approximations.count, below, above, Int32(precision), leastNormal, greatest, out)
  }

  /// The nearest number of the format, ties to even: the quotient by the unit in the last place, a
  /// power of two, is exact, and so is the product.
  private func nearest(_ value: Double) -> Double {
    guard value.isFinite else { return value }
    let binade = max(value.magnitude, leastNormal).exponent
    let unit = Double(sign: .plus, exponent: Int(binade) - precision + 1, significand: 1)
    let rounded = (value / unit).rounded(.toNearestOrEven) * unit
    return rounded.magnitude <= greatest ? rounded : rounded * .infinity
  }
}
