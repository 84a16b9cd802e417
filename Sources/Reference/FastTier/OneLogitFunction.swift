package import LossFunctions

/// A function of one logit with a hard label, as ±f(±z) of softplus or the sigmoid:
///
///     log-sigmoid    −softplus(−z)          loss for y = 0      softplus(z), for y = 1  softplus(−z)
///     gradient       y = 0: σ(z), y = 1: −σ(−z)
///
/// So two kernels with positive values serve all, and nothing cancels. The gradients that are multiplied by
/// `grad_output` are, for 1, σ(z) of the softplus, σ(−z) of the log-sigmoid and σ(z)·σ(−z) of the sigmoid.
package struct OneLogitFunction: Hashable, Sendable {
  enum Base: Hashable, Sendable { case softplus, sigmoid, slope }

  /// The function.
  package let function: LossFunction
  /// The label, 0 or 1; nil where the function has none.
  package let label: Int?
  /// Whether it is a gradient, for a `grad_output` of 1.
  package let isUnitGradient: Bool
  let base: Base
  let negatesLogit: Bool
  let negatesValue: Bool

  /// - Returns: nil for a function of a row, a missing or needless label, or one that is not 0 or 1.
  package init?(_ function: LossFunction, label: Int? = nil, isUnitGradient: Bool = false) {
    guard function.isBinary, function.hasTarget == (label != nil),
      function.gradOutputKind == (isUnitGradient ? .row : .none)
    else { return nil }
    if let label, label != 0 && label != 1 { return nil }
    self.function = function
    self.label = label
    self.isUnitGradient = isUnitGradient
    base =
      switch function {
      case .sigmoidGradient: .slope
      case .sigmoid, .binaryCrossEntropyGradient, .logSigmoidGradient, .softplusGradient: .sigmoid
      default: .softplus
      }
    negatesLogit = function == .logSigmoid || function == .logSigmoidGradient || label == 1
    negatesValue = function == .logSigmoid || (function.isGradient && label == 1)
  }

  /// Whether the values are negative; never 0 for a finite logit.
  package var isNegative: Bool { negatesValue }
}
