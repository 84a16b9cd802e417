package import LossFunctions

/// A function of two classes with no number beside the logits but a class label. With d the other logit less the
/// label's, or the class's whose output it is:
///
///     cross-entropy   softplus(d)     gradient   σ(d) for the other class, −σ(d) for the label
///     log-softmax    −softplus(d)     softmax    σ(−d)
///     log-sum-exp     max(x₀, x₁) + softplus(−|d|)
///     entropy         |d|·σ(−|d|) + softplus(−|d|)
package struct PairFunction: Hashable, Sendable {
  /// An output, as a value that several may share and the sign it has there.
  package struct Output: Hashable, Sendable {
    /// The index of the value.
    package let column: Int
    /// The sign.
    package let sign: Float

    /// An output of its own: the first value.
    package static let only = Output(column: 0, sign: 1)
  }

  /// The function.
  package let function: LossFunction
  /// The class, 0 or 1; nil where the function has none.
  package let label: Int?

  /// - Returns: nil for other functions, and for labels that are missing, needless or no classes.
  package init?(_ function: LossFunction, label: Int? = nil) {
    switch function {
    case .crossEntropy, .crossEntropyGradient: guard label == 0 || label == 1 else { return nil }
    case .softmax, .logSoftmax, .logSumExp, .entropy: guard label == nil else { return nil }
    default: return nil
    }
    self.function = function
    self.label = label
  }

  /// The values of a pair.
  package var outputs: [Output] {
    switch function {
    case .crossEntropyGradient:
      [0, 1].map { Output(column: 0, sign: $0 == label ? -1 : 1) }
    case .softmax: [Output(column: 0, sign: 1), Output(column: 1, sign: 1)]
    case .logSoftmax: [Output(column: 0, sign: -1), Output(column: 1, sign: -1)]
    default: [.only]
    }
  }
}
