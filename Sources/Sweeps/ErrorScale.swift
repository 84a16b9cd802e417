internal import FloatFormats

/// Errors in ulps of a format, from approximations in double.
struct ErrorScale {
  private let leastNormal: Double
  /// Less the exponent field of a double x, the bits of 1/ulp(x) in the format.
  private let inverseUnitBits: UInt64

  private static let exponentField: UInt64 = 0x7FF << 52

  init(_ format: FloatFormat) {
    leastNormal = format.leastNormal.double
    inverseUnitBits = UInt64(2046 + format.fractionBitCount) << 52
  }

  /// |value − approximation| in ulps at `inner`: of the two ends of an enclosure the one nearer to 0,
  /// which has the smaller ulp and so the larger error.
  @inline(__always)
  func error(_ value: Float, _ approximation: Double, inner: Double) -> Double {
    let field = max(inner.magnitude, leastNormal).bitPattern & Self.exponentField
    return (Double(value) - approximation).magnitude * Double(bitPattern: inverseUnitBits - field)
  }

  /// Whether both ends have the same ulp, which is that of the exact value then.
  func isOneBinade(_ inner: Double, _ outer: Double) -> Bool {
    (inner.bitPattern ^ outer.bitPattern) & Self.exponentField == 0
  }
}
