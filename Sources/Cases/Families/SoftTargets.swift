internal import LossFunctions

extension Family {
  /// Targets of probabilities: one-hot, even, smoothed, random and sparse ones, and sums slightly off
  /// 1; of the binary functions 0 and 1, the least numbers, and the neighbours of 1. What breaks
  /// takes the sum of the targets for 1, multiplies a probability of 0 with an infinite logarithm,
  /// or rounds 1 − y. The logits are normal, or eight times as far.
  public static let softTargets = Family(
    name: "soft-targets",
    purpose: "targets of probabilities: one-hot, even, smoothed, random, sums slightly off 1",
    suits: { $0.function.isOfLosses && $0.function.hasLabels }
  ) { draft in
    if draft.shape.function.hasTarget {
      draft.target(
        probabilities: draft.isBinary ? [draft.softLabel()] : draft.distribution())
    }
    let scale = draft.choices.element(of: [1.0, 8])
    draft.drawLogits { $0.number(scale * $0.choices.steppedNormal()) }
  }
}

extension CaseDraft {
  /// A probability, often next to 0, 1/2 or 1.
  fileprivate mutating func softLabel() -> Encoding {
    switch choices.choice(below: 6) {
    case 0: return choices.choice(below: 2) == 0 ? 0 : one
    case 1: return neighbour(of: number(0.5), within: 1)
    case 2: return probability(neighbour(of: one, steps: -1 - choices.integer(in: 0...3)))
    case 3: return probability(neighbour(of: 1, steps: choices.integer(in: 0...3)))
    case 4:
      // Labels smoothed by ε = 0.1, as usual, or by any.
      let smoothing = choices.isOften() ? 0.1 : choices.fraction()
      return number(choices.isNegative() ? 1 - smoothing / 2 : smoothing / 2)
    default: return number(choices.fraction())
    }
  }

  /// A probability for each class.
  fileprivate mutating func distribution() -> [Encoding] {
    let kind = choices.choice(below: 6)
    let label = anyClass()
    let count = logitCount
    var values: [Double]
    switch kind {
    case 0: values = (0..<count).map { $0 == label ? 1 : 0 }
    case 1: values = [Double](repeating: 1 / Double(count), count: count)
    case 2:
      let smoothing = choices.isOften() ? 0.1 : choices.fraction()
      values = (0..<count).map {
        smoothing / Double(count) + ($0 == label ? 1 - smoothing : 0)
      }
    default:
      // Weights as of a softmax, in the 16 binades below 1, or none; only division is rounded, so
      // the values are the same everywhere. That of the label is there so that not all are 0.
      values = (0..<count).map { index -> Double in
        if choices.choice(below: 4) == 3, index != label { return 0 }
        let exponent = -choices.integer(in: 0...15)
        let weight = Double(sign: .plus, exponent: exponent, significand: 1 + choices.fraction())
        return index == label ? max(weight, 1) : weight
      }
      let sum = values.reduce(0, +)
      for index in values.indices { values[index] /= sum }
    }
    var probabilities = values.map { number($0) }
    if kind == 5 {
      // A sum that rounding, or a teacher of fewer bits, has left slightly off 1.
      let position = choices.integer(in: 0...count - 1)
      let moved = neighbour(of: probabilities[position], within: 3)
      if probability(moved) == moved { probabilities[position] = moved }
    }
    return probabilities
  }

  /// The nearest of [0, 1]: formats of a few values end within a few steps.
  func probability(_ number: Encoding) -> Encoding {
    // Encodings are ordered as their numbers are, the negative ones beyond all.
    number <= one ? number : number == number & ~negated(0) ? one : 0
  }
}

extension ChoiceSource {
  /// True for the choice 0, three times in four.
  fileprivate mutating func isOften() -> Bool { choice(below: 4) < 3 }
}
