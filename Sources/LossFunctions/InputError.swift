public import FloatFormats

/// What is wrong with an input, and where.
public enum InputError: Error, Hashable, Sendable {
  /// There is no logit.
  case noLogits
  /// A binary function was given several logits.
  case notOneLogit(count: Int)
  /// A function with a target was given none, or one without was given one.
  case targetMissing
  case targetUnexpected
  /// A class index was given where a probability is needed.
  case targetNotProbabilities
  /// Probabilities were given where a class index is needed.
  case targetNotIndex
  /// Something else than logits was given where the target is a row of these, or logits where it cannot be.
  case targetNotLogits
  case targetIsLogits
  /// A function that takes `grad_output` was given none, or one without was given some.
  case gradOutputMissing
  case gradOutputUnexpected
  /// A number for each row was given where the rows' losses become one.
  case gradOutputBesideReduction
  /// What a mean divides by was said of what is no mean.
  case denominatorWithoutMean
  /// The label does not index a class.
  case labelOutOfRange(label: Int, classCount: Int)
  /// There are more or fewer probabilities or weights than classes.
  case countMismatch(what: String, count: Int, classCount: Int)
  /// There are more or fewer numbers than go with the others.
  case wrongCount(what: String, count: Int, expected: Int)
  /// The numbers of the format are wider than the type that is to hold them.
  case formatTooWide(FloatFormat)
  /// A value lies outside of the interval that it must lie in.
  case outOfRange(what: String, value: FloatValue, interval: String)
  /// The function does not have the option.
  case optionNotApplicable(LossOption, LossFunction)
  /// The linear layer fused with its cross-entropy does not have the option.
  case optionNotFused(LossOption)
  /// Two options whose combination has no agreed meaning.
  case optionsIncompatible(LossOption, LossOption)
  /// An option that has no meaning where the target is logits.
  case optionBesideTargetLogits(LossOption)
  /// The focal loss of several classes needs a class index.
  case focalNeedsLabel
  /// Some rows of a batch have another kind of target than others.
  case mixedTargets
}

/// What is wrong with a row of several.
public struct InputRowError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The row, counted from 0.
  public let row: Int
  /// What is wrong with it.
  public let error: InputError

  package init(row: Int, error: InputError) {
    self.row = row
    self.error = error
  }

  /// What was wrong, and where.
  public var description: String { "row \(row + 1): \(error)" }
}

extension InputError: CustomStringConvertible {
  /// What was wrong, and what to do.
  public var description: String {
    switch self {
    case .noLogits: "the list of logits is empty; give at least one"
    case .notOneLogit(let count): "the function takes one logit, not \(count)"
    case .targetMissing: "the target is missing"
    case .targetUnexpected: "the function has no target; leave it out"
    case .targetNotProbabilities: "the target must be a probability, not a class index"
    case .targetNotIndex: "the target must be a class index, or -1 for one of another shard"
    case .targetNotLogits:
      "the target must be logits, one for each class, not a class index or probabilities"
    case .targetIsLogits: "the target must be a probability, not logits"
    case .gradOutputMissing: "grad_output is missing"
    case .gradOutputUnexpected: "the function has no grad_output; leave it out"
    case .gradOutputBesideReduction:
      "grad_output has a number for each row and goes with the reduction none"
    case .denominatorWithoutMean:
      "denominator says what a mean over rows divides by, and goes with the reduction mean"
    case .labelOutOfRange(let label, let classCount):
      "label \(label) is out of range for \(classCount) \(classCount == 1 ? "class" : "classes"); "
        + "labels go from 0 to \(classCount - 1)"
    case .countMismatch(let what, let count, let classCount):
      "\(count) \(what) for \(classCount) \(classCount == 1 ? "class" : "classes")"
    case .wrongCount(let what, let count, let expected):
      "\(count) \(what) instead of \(expected)"
    case .formatTooWide(let format): "the numbers do not hold those of \(format)"
    case .outOfRange(let what, let value, let interval):
      "\(what) is \(value.double), outside of \(interval)"
    case .optionNotApplicable(let option, let function):
      "\(function) has no option \(option.rawValue)"
    case .optionNotFused(let option): "linear-cross-entropy has no option \(option.rawValue)"
    case .optionsIncompatible(let first, let second):
      "\(first.rawValue) cannot be combined with \(second.rawValue)"
    case .optionBesideTargetLogits(let option):
      "\(option.rawValue) cannot be combined with target_logits, beside which stand scale, softcap, logit_bias and temperature"
    case .focalNeedsLabel: "the focal loss needs a class index as target, not probabilities"
    case .mixedTargets:
      "the rows of a batch must have all class indices, all probabilities or all target_logits"
    }
  }
}
