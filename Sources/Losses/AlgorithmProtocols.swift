// One algorithm is one small file: a type that conforms to one of these and computes in any `LossNumber`.
// The requirements of `Implementation` follow from that. Its texts are computed, not stored: a form that
// builds on another one makes it for each logit, and would retain and release every stored text.

/// An algorithm for a function of one logit, and of a target or a `grad_output` where the function has one.
public protocol BinaryAlgorithm: ScalarImplementation {
  /// The value, every step rounded to T.
  ///
  /// - Parameter y: The target, or what a gradient is multiplied by.
  func value<T: LossNumber>(logit z: T, target y: T) -> T
}

/// An algorithm for a function of a row of logits, and of a class index where it has a target.
public protocol CategoricalAlgorithm: ScalarImplementation {
  /// The outputs, every step rounded to T: one, or one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - t: The index of the true class; 0 where the function has no target.
  func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T]
}

/// An algorithm for a categorical function that also takes a probability for each class as target.
public protocol SoftTargetAlgorithm: CategoricalAlgorithm {
  /// The outputs, every step rounded to T: one, or one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - y: One probability for each class; they need not add up to 1.
  func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T]
}

/// An algorithm for a gradient by a row of logits that is multiplied by `grad_output`.
public protocol GradientAlgorithm: ScalarImplementation {
  /// The outputs, every step rounded to T, one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - g: One number, or one for each class: see `LossFunction.gradOutputKind`.
  func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T]
}

/// An algorithm for the gradient of a loss, of one logit or of a row, that is multiplied by a number of `grad_output`.
public protocol UpstreamAlgorithm: ScalarImplementation {
  /// The outputs, every step rounded to T, one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - y: As many probabilities: 1 for the label and 0 for others, where one is given.
  ///   - g: The number.
  func outputs<T: LossNumber>(logits x: [T], target y: [T], gradOutput g: T) -> [T]
}

/// An algorithm for a function of a row of logits and one of those of the target.
public protocol TargetLogitsAlgorithm: ScalarImplementation {
  /// The outputs, every step rounded to T: one, or one for each class.
  ///
  /// - Parameters:
  ///   - x: One logit for each class, at least one.
  ///   - y: As many, of which the softmax is the target.
  func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T]
}

/// Σ yᵢ·vᵢ from first to last, over the classes that have a probability: 0·∞ counts as 0.
@inlinable
func expectation<T: LossNumber>(of values: [T], under probabilities: [T]) -> T {
  var sum: T = 0
  for (value, probability) in zip(values, probabilities) where probability != 0 {
    sum += probability * value
  }
  return sum
}
