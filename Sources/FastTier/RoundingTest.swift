public import FloatFormats

/// Rounds doubles to a format of at most 24 bits, and tells where a proven bound decides.
public struct RoundingTest: Sendable {
  private let precision: Int
  private let leastNormal: Double

  /// The test for a format that float32 holds.
  public init(_ format: FloatFormat) {
    precision = format.precision
    leastNormal = format.leastNormal.double
  }

  /// The two ends of an enclosure of the exact value, from an approximation within the bound.
  @inline(__always)
  public static func ends(_ approximation: Double) -> (inner: Double, outer: Double) {
    (approximation * KernelConstants.below, approximation * KernelConstants.above)
  }

  /// The correctly rounded value; nil where the bound does not decide. Exact in a `Float`.
  ///
  /// - Precondition: The value lies in the format's range, as those of all functions of one logit do.
  public func rounded(_ approximation: Double) -> Float? {
    let (inner, outer) = Self.ends(approximation)
    let value = nearest(inner)
    return value == nearest(outer) ? Float(value) : nil
  }

  /// The nearest number of the format, ties to even: the quotient by the unit in the last place, a
  /// power of two, is exact, and so is the product.
  private func nearest(_ value: Double) -> Double {
    let binade = max(value.magnitude, leastNormal).exponent
    let unit = Double(sign: .plus, exponent: Int(binade) - precision + 1, significand: 1)
    return (value / unit).rounded(.toNearestOrEven) * unit
  }
}
