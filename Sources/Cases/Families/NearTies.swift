internal import FloatFormats
internal import Multiprecision

extension Family {
  /// Logits that are neighbours in the format, up to four steps off a shared number. Their
  /// differences are a few ulps, so every exponential is 1 or next to it: what breaks is code that
  /// takes near for equal, and what is lost is the difference itself.
  ///
  /// A binary logit is such a difference.
  public static let nearTies = Family(
    name: "near-ties", purpose: "logits that are neighbours in the format, up to 4 ulps apart"
  ) { draft in
    draft.drawTarget()
    let shared =
      switch draft.choices.choice(below: 4) {
      case 0: draft.one
      case 1: draft.wholeNumber(within: 16)
      case 2: draft.number(8 * draft.choices.steppedNormal())
      default: draft.anyNumber()
      }
    guard draft.isBinary else {
      draft.drawLogits { $0.neighbour(of: shared, within: 4) }
      return
    }
    let format = draft.format
    let ulp = format.ulp(at: format.decode(shared)) ?? format.leastSubnormal
    let steps = draft.choices.integer(within: 4)
    let difference = FloatValue(
      isNegative: steps < 0, significand: UInt128(abs(steps)) * ulp.significand,
      exponent: ulp.exponent)
    draft.logits.append(draft.encoding(format.rounded(difference, .towardZero)))
  }
}
