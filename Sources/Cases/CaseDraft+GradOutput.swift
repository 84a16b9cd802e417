internal import FloatFormats
internal import LossFunctions

// What a gradient is multiplied by, for the functions that take `grad_output`.

extension CaseDraft {
  /// Draws `grad_output` where the function takes it and the family has said nothing of it: ones, as of a sum that
  /// comes after, or ordinary or short numbers.
  mutating func drawGradOutput() {
    guard gradOutput.isEmpty, gradOutputCount > 0 else { return }
    let kind = choices.choice(below: 4)
    gradOutput(each: { draft in
      switch kind {
      case 0: draft.one
      case 3: draft.shortNumber()
      default: draft.number(draft.choices.steppedNormal())
      }
    })
  }

  /// How many numbers go with the logits of the case.
  var gradOutputCount: Int { shape.function.gradOutputCount(classCount: logits.count) }

  /// Draws the numbers one by one, in place of those there are.
  mutating func gradOutput(each number: (inout CaseDraft) -> Encoding) {
    gradOutput.removeAll(keepingCapacity: true)
    for _ in 0..<gradOutputCount { gradOutput.append(number(&self)) }
  }
}
