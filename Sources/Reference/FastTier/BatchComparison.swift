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

/// The exact values of one output of a batch, as those of a column times a sign.
package struct ExactColumn {
  private let rounded: UnsafeBufferPointer<Float>
  private let approximations: UnsafeBufferPointer<Double>
  private let sign: Float

  /// - Parameters:
  ///   - rounded: The correctly rounded values, a multiple of eight.
  ///   - approximations: As many, before the rounding, within the bound.
  package init(
    rounded: UnsafeBufferPointer<Float>, approximations: UnsafeBufferPointer<Double>, sign: Float
  ) {
    precondition(rounded.count % 8 == 0 && rounded.count == approximations.count)
    (self.rounded, self.approximations, self.sign) = (rounded, approximations, sign)
  }

  /// How many there are.
  var count: Int { rounded.count }

  var numbers: LOExact {
    LOExact(
      rounded: rounded.baseAddress, approximations: approximations.baseAddress, sign: Double(sign))
  }
}

extension RoundingTest {
  /// Holds values against exact ones.
  ///
  /// - Parameters:
  ///   - values: One for each exact value; or two, those of two outputs in turn.
  ///   - exact: The columns of the outputs, one or two of the same length.
  ///   - worst: The largest error in ulps so far.
  ///   - firstIndex: That of the first value, for the digest.
  package func compare(
    _ values: UnsafeBufferPointer<Float>, with exact: [ExactColumn], worst: Double,
    firstIndex: UInt64
  ) -> BatchComparison {
    let (first, last) = (exact[0], exact[exact.count - 1])
    let count = first.count
    precondition(exact.count <= 2 && last.count == count && values.count == exact.count * count)
    let comparison =
      exact.count == 1
      ? lo_compare(values.baseAddress, first.numbers, count, scale, worst, firstIndex)
      : lo_compare_pairs(
        values.baseAddress, first.numbers, last.numbers, count, scale, worst, firstIndex)
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
