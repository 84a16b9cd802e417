internal import FloatFormats
package import LossFunctions

// Where the common form overflows and the exact value does not.

extension CheckContract {
  /// Whether a logit overflows the format that is computed in before the loss has begun: scaled, biased or
  /// over a temperature. Nothing is certain of what is computed from it.
  package func overflowsBefore(_ row: LossInput) -> Bool {
    let before = CommonLogits(options)
    guard options.input == .logits, !before.isIdentity else { return false }
    let targets = row.target.kind == .logits ? row.target.numbers ?? [] : []
    return [row.logits, targets].flatMap { $0.enumerated() }.contains { index, logit in
      let x = logit.double
      return x.isFinite
        && !(computingFormat.nearest(before.scale * x).isFinite
          && computingFormat.nearest(before.value(x, of: index)).isFinite)
    }
  }

  /// Whether outputs of a row, or of a batch that it is of, may be infinite or NaN, and one is: the common form multiplies
  /// differences of logits, one of which overflows, by probabilities, and a gradient by the factors of what stands before
  /// the function one after the other, c and 1/c of a soft cap among them.
  package func allows(_ outputs: [Double], of row: LossInput) -> Bool {
    guard outputs.contains(where: { !$0.isFinite }) else { return false }
    let chain = function.isDerivative ? CommonLogits(options).stepFactor : 1
    if chain > 1, overflows(chain, row.gradOutput) { return true }
    if function.gradOutputKind == .classes {
      // The sum of what a gradient is multiplied by, or its products': ∞ − ∞ and 0·∞ are NaN.
      return overflows(2 * chain, row.gradOutput)
    }
    if function.isOfDistributions || row.target.kind == .logits {
      // The difference of two logits of one row, or of both: a logarithm of −∞ times a probability of 0 is NaN.
      let before = CommonLogits(options)
      let numbers = [row.logits, row.target.numbers ?? []].flatMap { $0.enumerated() }
        .map { before.value($1.double, of: $0).magnitude }
      return !computingFormat.nearest(4 * numbers.reduce(0, max)).isFinite
    }
    guard function == .crossEntropy, options.input == .logits,
      outputs.allSatisfy({ $0 == .infinity })
    else { return false }
    let logits = row.logits.map(\.double)
    guard let least = logits.min(), let greatest = logits.max() else { return false }
    return least > -.infinity && !computingFormat.nearest(greatest - least).isFinite
  }

  private func overflows(_ factor: Double, _ numbers: [FloatValue]) -> Bool {
    !computingFormat.nearest(factor * numbers.reduce(0) { $0 + $1.double.magnitude }).isFinite
  }
}
