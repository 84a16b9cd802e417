package import FloatFormats

extension FastTier {
  /// The exact value of one logit from MPFR.
  package func exact(_ logit: Float, in format: FloatFormat) throws(ReferenceError)
    -> CertifiedValue
  {
    try Reference(usesFastTier: false).evaluate(function.function, input(logit), in: format)[0]
  }
}
