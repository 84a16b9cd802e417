internal import FastKernels

/// What is counted over a batch of computed values that are held against exact ones.
package struct BatchComparison: Sendable {
  /// The number of values that are not the correctly rounded one, or of pairs of which one is not.
  package let misroundedCount: UInt64
  /// The number of finite values of the opposite sign, neither being 0.
  package let wrongSignCount: UInt64
  /// The number of infinite and NaN values where the exact one is finite.
  package let nonFiniteCount: UInt64
  /// A sum, modulo 2⁶⁴, over a mix of each value with its index.
  package let digest: UInt64
  /// Whether the error of a finite value is larger than the worst before.
  package let hasWorse: Bool

  /// What has been counted.
  package init(
    misroundedCount: UInt64, wrongSignCount: UInt64, nonFiniteCount: UInt64, digest: UInt64,
    hasWorse: Bool
  ) {
    self.misroundedCount = misroundedCount
    self.wrongSignCount = wrongSignCount
    self.nonFiniteCount = nonFiniteCount
    self.digest = digest
    self.hasWorse = hasWorse
  }
}

extension RoundingTest {
  /// Holds values against exact ones.
  ///
  /// - Parameters:
  ///   - values: One for each exact value, of which there are a multiple of eight; or two of opposite
  ///     signs, where the exact values are magnitudes.
  ///   - exact: The correctly rounded values.
  ///   - approximations: Of the exact values before the rounding, within the bound.
  ///   - sign: That of the exact values, or of the first of each two.
  ///   - worst: The largest error in ulps so far.
  ///   - firstIndex: That of the first value, for the digest.
  package func compare(
    _ values: UnsafeBufferPointer<Float>, with exact: UnsafeBufferPointer<Float>,
    approximations: UnsafeBufferPointer<Double>, sign: Float, worst: Double, firstIndex: UInt64
  ) -> BatchComparison {
    let count = exact.count
    precondition(count % 8 == 0 && count == approximations.count)
    precondition(values.count == count || values.count == 2 * count)
    let compare = values.count == count ? lo_compare : lo_compare_pairs
    let comparison = compare(
      values.baseAddress, exact.baseAddress, approximations.baseAddress, count, scale,
      Double(sign), worst, firstIndex)
    return BatchComparison(
      misroundedCount: comparison.misrounded, wrongSignCount: comparison.wrongSigns,
      nonFiniteCount: comparison.nonFinite, digest: comparison.digest,
      hasWorse: comparison.hasWorse != 0)
  }

  /// |value − approximation| in ulps at the end of the enclosure that is nearer to 0, which has the smaller
  /// ulp and so the larger error.
  @inline(__always)
  package func error(_ value: Float, _ approximation: Double) -> Double {
    let inner = ends(approximation).inner.magnitude
    let field = max(inner, scale.leastNormal).bitPattern & Self.exponentField
    let unit = Double(bitPattern: scale.inverseUnitBits - field)
    return (Double(value) - approximation).magnitude * unit
  }

  /// Whether both ends of an enclosure have the same ulp, which is that of the exact value then.
  package func isOneBinade(_ approximation: Double) -> Bool {
    let (inner, outer) = ends(approximation)
    return (inner.bitPattern ^ outer.bitPattern) & Self.exponentField == 0
  }

  private static let exponentField: UInt64 = 0x7FF << 52
}
