internal import FloatFormats
internal import LossFunctions

// What a gradient is multiplied by, for the functions that take `grad_output`.

extension CaseDraft {
  /// Draws `grad_output` where the function takes it and the family has said nothing of it: ones, as of a sum that
  /// comes after, or ordinary or short numbers.
  mutating func drawGradOutput() {
    guard gradOutput.isEmpty, gradOutputCount > 0 else { return }
    guard shape.gradOutputKind != .partials else { return drawPartials() }
    let kind = choices.choice(below: 4)
    gradOutput(each: { draft in
      switch kind {
      case 0: draft.one
      case 3: draft.shortNumber()
      default: draft.number(draft.choices.steppedNormal())
      }
    })
  }

  /// Draws the sums of the shards whose maxima are the logits, 1 and some more or some thousands, and their logits of the
  /// target: −∞ but in one, where it is the maximum or less.
  mutating func drawPartials() {
    let kind = choices.choice(below: 4)
    let place = choices.integer(in: 0...logits.count - 1)
    let gap = kind == 0 ? 0 : choices.steppedNormal().magnitude * (kind == 3 ? 40 : 4)
    gradOutput.removeAll(keepingCapacity: true)
    for logit in logits {
      let isMasked = double(logit) == -.infinity
      let rest = choices.fraction() * (kind == 2 ? 4000 : 4)
      gradOutput.append(isMasked ? 0 : kind == 0 ? one : number(1 + rest))
    }
    for (shard, logit) in logits.enumerated() {
      gradOutput.append(
        shard != place ? absence : gap == 0 ? logit : number(double(logit) - gap))
    }
  }

  /// What stands for the target's logit in other shards: −∞, or the least number.
  var absence: Encoding {
    format.specials == .ieee ? infinity(isNegative: true) : signBit | greatest
  }

  /// How many numbers go with the logits of the case.
  var gradOutputCount: Int { shape.gradOutputCount(classCount: logits.count) }

  /// Draws the numbers one by one, in place of those there are.
  mutating func gradOutput(each number: (inout CaseDraft) -> Encoding) {
    guard shape.gradOutputKind != .partials else { return drawPartials() }
    gradOutput.removeAll(keepingCapacity: true)
    for _ in 0..<gradOutputCount { gradOutput.append(number(&self)) }
  }
}
