package import LossFunctions

/// A function of one logit with a hard label, as ±f(±z) of softplus or the sigmoid:
///
///     log-sigmoid    −softplus(−z)          loss for y = 0      softplus(z), for y = 1  softplus(−z)
///     gradient       y = 0: σ(z), y = 1: −σ(−z)
///
/// So two kernels with positive values serve all, and nothing cancels.
package struct OneLogitFunction: Hashable, Sendable {
  enum Base: Hashable, Sendable { case softplus, sigmoid }

  /// The function.
  package let function: LossFunction
  /// The label, 0 or 1; nil where the function has none.
  package let label: Int?
  let base: Base
  let negatesLogit: Bool
  let negatesValue: Bool

  /// - Returns: nil for a function of a row, a missing or needless label, or one that is not 0 or 1.
  package init?(_ function: LossFunction, label: Int? = nil) {
    guard function.isBinary, function.hasTarget == (label != nil),
      function.gradOutputKind == .none
    else { return nil }
    if let label, label != 0 && label != 1 { return nil }
    self.function = function
    self.label = label
    base = function == .sigmoid || function.isGradient ? .sigmoid : .softplus
    negatesLogit = function == .logSigmoid || label == 1
    negatesValue = function == .logSigmoid || (function.isGradient && label == 1)
  }

  /// Whether the values are negative; never 0 for a finite logit.
  package var isNegative: Bool { negatesValue }
}
