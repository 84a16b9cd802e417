internal import LossFunctions

extension Family {
  /// Rows without any logit near 0: the greatest is −200, −10⁴ or less, down to the least number of the
  /// format, or all are equal to that. What breaks starts a running maximum at 0, at −10⁴, at
  /// −3.4028e38 or at `numeric_limits::min()`, or takes a low logit for a masked one.
  public static let lowestLogits = Family(
    name: "lowest-logits", purpose: "rows whose greatest logit is low, down to the least number",
    suits: { !$0.function.isBinary }
  ) { draft in
    draft.drawTarget()
    let levels: [Double] = [200, 20_000, 1e5, 2e9, 1e30, 1e38]
    let choice = Int(draft.choices.choice(below: 8))
    let least = draft.signBit | draft.greatest
    let level = choice < levels.count ? draft.number(-levels[choice]) : least
    let isEven = draft.choices.choice(below: 4) == 3
    draft.drawLogits { draft in
      guard !isEven else { return level }
      // Differences that softmax sees where the format resolves them, and else the next few numbers:
      // those above the least.
      let below = draft.number(draft.double(level) - draft.choices.magnitude(below: 8))
      guard below == level else { return below }
      let steps = Int(draft.choices.choice(below: 3))
      return draft.neighbour(of: level, steps: level == least ? steps : -steps)
    }
  }
}
