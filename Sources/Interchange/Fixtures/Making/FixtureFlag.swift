/// What a case of a fixture holds that code gets wrong: a claim about the case, derived from it.
public enum FixtureFlag: String, CaseIterable, Sendable {
  case tiedMaximum = "TiedMaximum"
  case commonOffset = "CommonOffset"
  case subnormalLogits = "SubnormalLogits"
  case negativeZero = "NegativeZero"
  case exponentialOverflows = "ExponentialOverflows"
  case exponentialUnderflows = "ShiftedExponentialUnderflows"
  case sumRoundsToOne = "SumRoundsToOne"
  case infiniteLogits = "InfiniteLogits"
  case nanLogits = "NaNLogits"
  case wrongPrediction = "WrongPrediction"
  case softTarget = "SoftTarget"
  case maskedTarget = "MaskedTarget"
  case resultIsExact = "ResultIsExact"
  case nearMidpoint = "NearMidpoint"
  case resultUnderflows = "ResultUnderflows"
  case resultIsSubnormal = "ResultIsSubnormal"
  case resultOverflows = "ResultOverflows"
  case resultIsInfinite = "ResultIsInfinite"
  case resultIsNaN = "ResultIsNaN"

  /// What the flag says of a case.
  public var claim: String {
    switch self {
    case .tiedMaximum: "The greatest logit stands more than once in the row."
    case .commonOffset:
      "All logits have one sign and a magnitude of 16 or more, and differ by at most a sixteenth of "
        + "the least magnitude."
    case .subnormalLogits: "A logit is subnormal."
    case .negativeZero: "A logit is -0."
    case .exponentialOverflows: "e^x of a logit x, or of its negative, overflows the format."
    case .exponentialUnderflows:
      "A logit is so far below the greatest, or from 0 for the functions of one logit, that the "
        + "exponential of the difference is less than half the least number of the format."
    case .sumRoundsToOne:
      "One logit leads by so much, or a single one is so far from 0, that the sum of e^(x - max) "
        + "over the row, or 1 + e^-|z|, rounds to 1."
    case .infiniteLogits: "A logit is infinite: a masked class, or one that overflowed."
    case .nanLogits: "A logit is NaN."
    case .wrongPrediction: "Another class than the target has the greatest logit."
    case .softTarget: "The target is no single class with the probability 1."
    case .maskedTarget: "The logit of the target is -inf."
    case .resultIsExact: "An exact value other than 0 is itself a number of the format."
    case .nearMidpoint:
      "An exact value lies within 1/256 ulp of the middle between two numbers of the format."
    case .resultUnderflows: "An exact value other than 0 is rounded to 0."
    case .resultIsSubnormal: "An expected value is subnormal."
    case .resultOverflows: "An exact value is finite, and beyond the greatest number of the format."
    case .resultIsInfinite: "An exact value is infinite."
    case .resultIsNaN: "An expected value is NaN by the conventions, not by overflow."
    }
  }

  /// What kind of code it breaks.
  public var breaks: String {
    switch self {
    case .tiedMaximum: "Code that takes the one maximum out of the sum, or masks what equals it."
    case .commonOffset: "Code that adds the maximum back before it subtracts the target's logit."
    case .subnormalLogits: "Kernels that take subnormal numbers for 0."
    case .negativeZero: "Branches on the sign bit, and a maximum that takes -0 for less than 0."
    case .exponentialOverflows: "Exponentials without a shift: inf / inf, log inf."
    case .exponentialUnderflows: "Code that takes the logarithm of a probability: log 0."
    case .sumRoundsToOne: "log(sum) without log1p: what is left of the loss is 0."
    case .infiniteLogits:
      "Differences of infinities, and 0 times infinity: NaN where there is a limit."
    case .nanLogits: "A maximum by >, or a clip, that loses the NaN."
    case .wrongPrediction: "Clipped probabilities, which bound a loss that has no bound."
    case .softTarget: "Code that takes the target for an index, or its sum for 1."
    case .maskedTarget: "Masks by a large finite number: the loss is infinite."
    case .resultIsExact: "Anything but the right value is wrong here by every measure."
    case .nearMidpoint: "Claims of correct rounding."
    case .resultUnderflows: "Relative errors: here they mean nothing."
    case .resultIsSubnormal: "Kernels that flush to zero, and relative errors."
    case .resultOverflows:
      "Sums in the format's own precision that overflow on the way, and others."
    case .resultIsInfinite, .resultIsNaN: "Conventions, rather than rounding."
    }
  }
}
