extension Family {
  /// Rows of as many classes as vocabularies have: normal logits, equal ones of one level, and one that
  /// leads; the label at either end, about 2¹⁵ and 2¹⁶, or anywhere. What breaks counts classes that
  /// are not there, holds a class index in 16 bits, or adds in so few that a sum stands still.
  public static let vocabularies = Family(
    name: "vocabularies", purpose: "rows of 32,000 to 256,000 classes, labels at both ends",
    classCounts: [32_000, 50_257, 128_256, 129_920, 151_936, 256_000], count: 18
  ) { draft, round in
    draft.drawEndLabel()
    switch round % 3 {
    case 0: draft.drawLogits { $0.number(2 * $0.choices.steppedNormal()) }
    case 1:
      let level = draft.number(draft.choices.element(of: [0, -20, 20, 1, -1000]))
      draft.drawLogits { _ in level }
    default:
      let leader = draft.endClass()
      let lead = draft.number(8 + draft.choices.magnitude(below: 16))
      draft.drawRuns()
      draft.logits[leader] = lead
    }
  }
}

extension CaseDraft {
  /// A class at either end, about where an index of 15 or of 16 bits ends, or any.
  mutating func endClass() -> Int {
    let last = logitCount - 1
    let places = [0, last, last - 1, 65_535, 65_536, 65_537, 32_768]
    let choice = Int(choices.choice(below: 8))
    return choice < places.count ? max(min(places[choice], last), 0) : anyClass()
  }

  /// Makes such a class the target, where the function has one.
  mutating func drawEndLabel() { target(label: endClass()) }

  /// Draws logits of up to four values, each for a part of the row: few texts for many classes.
  mutating func drawRuns() {
    let values = (0...choices.integer(in: 0...3)).map { _ in number(choices.steppedNormal()) }
    let size = (logitCount + values.count - 1) / values.count
    drawLogits { values[$0.logits.count / size] }
  }
}
