internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

// Losses of rows of probabilities, or of their logarithms: see `InputKind`. The formulas are taken of the
// numbers that are given: nothing is clipped, and nothing divided by the sum.

extension LossFunction {
  /// The exact mathematics of a loss of probabilities, or of its gradient by them, at a valid input.
  func exactOfProbabilities(_ input: LossInput, _ options: LossOptions) -> any ExactFunction {
    guard isBinary else {
      if case .index(let label) = input.target, label == options.ignoreIndex {
        return IgnoredRow(count: isGradient ? input.logits.count : 1)
      }
      return isGradient
        ? ProbabilityCrossEntropyGradient(input, options)
        : ProbabilityCrossEntropy(input, options)
    }
    guard case .probabilities(let probabilities) = input.target, let y = probabilities.first else {
      return IgnoredRow(count: 1)
    }
    let number = input.logits[0]
    if options.input == .logProbabilities {
      return LogProbabilityBinaryCrossEntropy(
        logarithm: number, target: y, options: options, isGradient: isGradient)
    }
    return ProbabilityBinaryCrossEntropy(
      probability: number, target: y, options: options, isGradient: isGradient)
  }
}

extension InputKind {
  /// The number that stands for a probability of 0.
  func isNothing(_ number: FloatValue) -> Bool {
    self == .probabilities ? number.isZero : number.isInfinite
  }
}
