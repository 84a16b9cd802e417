package import LossFunctions

/// The loss of two classes with a class label, or its gradient. With d the other logit less the label's,
/// the loss is softplus(d), and the gradient σ(d) for the other class and −σ(d) for the label.
package struct PairFunction: Hashable, Sendable {
  /// The function.
  package let function: LossFunction
  /// The class, 0 or 1.
  package let label: Int

  /// - Returns: nil for other functions, and for labels that are missing, needless or no classes.
  package init?(_ function: LossFunction, label: Int? = nil) {
    guard function == .crossEntropy || function == .crossEntropyGradient,
      let label, label == 0 || label == 1
    else { return nil }
    self.function = function
    self.label = label
  }

  /// The number of values of a pair.
  package var outputCount: Int { function.isGradient ? 2 : 1 }

  /// The signs of the values.
  package var signs: [Float] {
    guard function.isGradient else { return [1] }
    return label == 0 ? [-1, 1] : [1, -1]
  }
}
