public import FloatFormats

/// What a row of logits is compared with.
public enum Target: Hashable, Sendable {
  /// Nothing: the function has no target.
  case none
  /// The index of the true class.
  case index(Int)
  /// A probability for each class; for the binary functions, a single one, that of the positive
  /// class. The probabilities need not add up to 1.
  case probabilities([FloatValue])
  /// A logit for each class, of which the softmax is the target: what another model says of the row.
  case logits([FloatValue])
}

/// One row of input: its logits, what they are compared with, and what a gradient is multiplied by.
public struct LossInput: Hashable, Sendable {
  /// One logit for each class; a single one for the binary functions.
  public var logits: [FloatValue]
  /// The target.
  public var target: Target
  /// What a gradient is multiplied by: see `LossFunction.gradOutputKind`.
  public var gradOutput: [FloatValue]

  /// A row.
  public init(logits: [FloatValue], target: Target = .none, gradOutput: [FloatValue] = []) {
    self.logits = logits
    self.target = target
    self.gradOutput = gradOutput
  }
}
