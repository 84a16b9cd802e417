public import FastTier
public import FloatFormats

/// Correctly rounded values, and which tier decided them.
public struct FastValues: Hashable, Sendable {
  /// One for each logit, exact in a `Float`.
  public var values: [Float] = []
  /// The number of finite logits that MPFR decided.
  public var fallbackCount = 0
  /// The number of infinite and NaN logits, whose values are limits.
  public var specialCount = 0
}

extension FastTier {
  /// The exact value of one logit from MPFR.
  public func exact(_ logit: Float, in format: FloatFormat) throws(ReferenceError) -> CertifiedValue
  {
    try Reference(usesFastTier: false).evaluate(function.function, input(logit), in: format)[0]
  }

  /// The correctly rounded values of logits of `format`, one of `formats`, in that format.
  ///
  /// - Throws: What the reference throws.
  public func evaluate(
    _ logits: [Float], in format: FloatFormat
  ) throws(ReferenceError) -> FastValues {
    var approximations = [Double](repeating: 0, count: logits.count)
    logits.withUnsafeBufferPointer { logits in
      approximations.withUnsafeMutableBufferPointer { approximate(logits, into: $0) }
    }
    let test = RoundingTest(format)
    var result = FastValues()
    result.values.reserveCapacity(logits.count)
    for (logit, approximation) in zip(logits, approximations) {
      // Infinite and NaN logits compute something, which is not looked at.
      if logit.isFinite, let value = test.rounded(approximation) {
        result.values.append(value)
        continue
      }
      if logit.isFinite { result.fallbackCount += 1 } else { result.specialCount += 1 }
      result.values.append(Float(try exact(logit, in: format).value.double))
    }
    return result
  }
}
