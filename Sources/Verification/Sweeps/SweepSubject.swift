package import FloatFormats
package import LossFunctions
package import Reference

/// What a sweep goes through all inputs of.
package enum SweepSubject: Hashable, Sendable {
  /// A function of one logit: every logit of a format of at most 32 bits. A gradient is that for a `grad_output` of 1.
  case logits(OneLogitFunction)
  /// The loss of two classes: every ordered pair of logits of a 16-bit format.
  case pairs(PairFunction)

  /// A function with a label where it has a target.
  ///
  /// - Returns: nil where a label is missing, needless or no class, and for other functions.
  package init?(_ function: LossFunction, label: Int?) {
    if let oneLogit = OneLogitFunction(function, label: label)
      ?? OneLogitFunction(function, label: label, isUnitGradient: true)
    {
      self = .logits(oneLogit)
    } else if let pair = PairFunction(function, label: label) {
      self = .pairs(pair)
    } else {
      return nil
    }
  }

  /// The function.
  package var function: LossFunction {
    switch self {
    case .logits(let subject): subject.function
    case .pairs(let subject): subject.function
    }
  }

  /// The label.
  package var label: Int? {
    switch self {
    case .logits(let subject): subject.label
    case .pairs(let subject): subject.label
    }
  }

  /// The number of logits of an input.
  package var classCount: Int {
    switch self {
    case .logits: 1
    case .pairs: 2
    }
  }

  /// The signs of the values, which are not 0 for finite logits.
  var signs: [Float] {
    switch self {
    case .logits(let subject): [subject.isNegative ? -1 : 1]
    case .pairs(let subject): subject.signs
    }
  }

  /// The test of approximations.
  func roundingTest(_ format: FloatFormat) -> RoundingTest {
    switch self {
    case .logits(let subject): FastTier(subject).roundingTest(format)
    case .pairs: RoundingTest(format, .row)
    }
  }

  /// The numbers of `grad_output` of so many inputs; nil where the function takes none.
  func gradOutputs(_ count: Int, in format: FloatFormat) -> NumberColumn? {
    guard case .logits(let subject) = self, subject.isUnitGradient else { return nil }
    return NumberColumn(format, doubles: Array(repeating: 1, count: count))
  }

  /// Approximate values of finite logits, or the magnitudes of those of pairs with one first logit.
  func approximate(
    _ first: Float, _ logits: UnsafeBufferPointer<Float>,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    switch self {
    case .logits(let subject): FastTier(subject).approximate(logits, into: approximations)
    case .pairs(let subject): PairTier(subject).approximate(first, logits, into: approximations)
    }
  }

  /// Narrower ends of an enclosure, where there are such.
  func ends(
    _ first: Float, _ last: Float, _ approximation: Double
  ) -> (inner: Double, outer: Double)? {
    guard case .pairs(let subject) = self else { return nil }
    return PairTier(subject).ends(first, last, approximation)
  }

  /// The formats it can be gone through in.
  package var formats: [FloatFormat] {
    switch self {
    case .logits: FastTier.formats
    case .pairs: PairTier.formats
    }
  }

  /// The reference's input for as many logits as there are classes.
  package func input(_ logits: [Float]) -> LossInput {
    switch self {
    case .logits(let subject): FastTier(subject).input(logits[0])
    case .pairs(let subject): PairTier(subject).input(logits[0], logits[1])
    }
  }

  /// The exact values from MPFR.
  package func exact(_ logits: [Float], in format: FloatFormat) throws(ReferenceError)
    -> [CertifiedValue]
  {
    try Reference(usesFastTier: false).evaluate(function, input(logits), in: format)
  }
}
