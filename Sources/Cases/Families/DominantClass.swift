internal import LossFunctions

extension Family {
  /// One dominant class among up to 100,000, as in a vocabulary. In what the leader leaves, each
  /// other term is below the last digit of a sum that holds the leader, or of the sum so far, and
  /// together they count: a sum in 8 or 11 bits stands still, and in 24 it has lost some digits.
  ///
  /// The others repeat up to four values, so that few choices make the row, and it shrinks.
  public static let dominantClass = Family(
    name: "dominant-class", purpose: "one dominant class among up to 100,000",
    greatestClassCount: 100_000, suits: { !$0.function.isBinary }, countPerThousand: 2
  ) { draft, _ in
    draft.chooseLogitCount()
    draft.logitCount = draft.isBinary ? 1 : 1 + draft.choices.integer(in: 0...99_999)
    let label = draft.classOrSide()
    draft.target(label: label)
    // Mostly the dominant class is the target.
    let leader = draft.choices.choice(below: 4) < 3 ? label : draft.classOrSide()
    let lead = draft.choices.magnitude(below: 32)
    let values = (0...draft.choices.integer(in: 0...3)).map { _ in
      draft.number(draft.choices.steppedNormal())
    }
    draft.drawLogits { draft in
      let place = draft.logits.count
      return place == leader ? draft.number(lead) : values[place % values.count]
    }
  }
}
