public import FastTier
public import FloatFormats
public import LossFunctions
public import Reference

/// What a sweep goes through all inputs of.
public enum SweepSubject: Hashable, Sendable {
  /// A function of one logit: every logit of a format of at most 32 bits.
  case logits(OneLogitFunction)
  /// The loss of two classes: every ordered pair of logits of a 16-bit format.
  case pairs(PairFunction)

  /// A function with a label where it has a target.
  ///
  /// - Returns: nil where a label is missing, needless or no class, and for other functions.
  public init?(_ function: LossFunction, label: Int?) {
    if let oneLogit = OneLogitFunction(function, label: label) {
      self = .logits(oneLogit)
    } else if let pair = PairFunction(function, label: label) {
      self = .pairs(pair)
    } else {
      return nil
    }
  }

  /// The function.
  public var function: LossFunction {
    switch self {
    case .logits(let subject): subject.function
    case .pairs(let subject): subject.function
    }
  }

  /// The label.
  public var label: Int? {
    switch self {
    case .logits(let subject): subject.label
    case .pairs(let subject): subject.label
    }
  }

  /// The number of logits of an input.
  public var classCount: Int {
    switch self {
    case .logits: 1
    case .pairs: 2
    }
  }

  /// The formats it can be gone through in.
  public var formats: [FloatFormat] {
    switch self {
    case .logits: FastTier.formats
    case .pairs: PairTier.formats
    }
  }

  /// The reference's input for as many logits as there are classes.
  public func input(_ logits: [Float]) -> LossInput {
    switch self {
    case .logits(let subject): FastTier(subject).input(logits[0])
    case .pairs(let subject): PairTier(subject).input(logits[0], logits[1])
    }
  }

  /// The exact values from MPFR.
  public func exact(_ logits: [Float], in format: FloatFormat) throws(ReferenceError)
    -> [CertifiedValue]
  {
    try Reference(usesFastTier: false).evaluate(function, input(logits), in: format)
  }
}
