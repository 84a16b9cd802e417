internal import LossFunctions

extension Family {
  /// Logits whose signs alternate, of like magnitude: what breaks compares magnitudes, takes the
  /// maximum of |x|, starts a maximum at 0, or loses a sign.
  public static let alternatingSigns = Family(
    name: "alternating-signs", purpose: "logits of like magnitude whose signs alternate",
    suits: { !$0.function.isBinary }
  ) { draft in
    draft.drawTarget()
    let isFirstNegative = draft.choices.isNegative()
    let level = draft.choices.magnitude(below: 64)
    draft.drawLogits { draft in
      let magnitude = level + draft.choices.fraction()
      let isOdd = draft.logits.count % 2 == 1
      return draft.number(isOdd == isFirstNegative ? magnitude : -magnitude)
    }
  }
}
