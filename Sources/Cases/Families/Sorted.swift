internal import LossFunctions

extension Family {
  /// Logits in falling or rising order, by steps of one scale. The order of summation matters: from
  /// the greatest down, each smaller exponential is cut off by the sum; and a running maximum that
  /// rises with every logit rescales its sum each time.
  public static let sorted = Family(
    name: "sorted", purpose: "logits sorted down or up, for the order of summation",
    suits: { !$0.function.isBinary }
  ) { draft in
    draft.drawTarget()
    let isRising = draft.choices.choice(below: 2) == 1
    // From steps of a sixteenth, where the small terms add up, to steps of up to 16.
    let scale = draft.choices.element(of: [1, 0.0625, 0.25, 4, 16])
    var logit = Double(draft.choices.integer(within: 16))
    draft.drawLogits { draft in
      let number = draft.number(logit)
      logit -= scale * draft.choices.fraction()
      return number
    }
    if isRising { draft.logits.reverse() }
  }
}
