public import FloatFormats

/// The name of an option that changes a function, as the frameworks spell it.
public enum LossOption: String, CaseIterable, Hashable, Sendable {
  /// What the numbers of a row are.
  case input
  /// A weight for each class.
  case classWeights = "class_weights"
  /// A weight for the positive class.
  case positiveWeight = "pos_weight"
  /// The share of the target that is spread evenly over all classes.
  case labelSmoothing = "label_smoothing"
  /// The label of rows that do not count.
  case ignoreIndex = "ignore_index"
  /// What the logits are multiplied by, before all else.
  case scale
  /// The bound c of the soft cap c·tanh(x/c).
  case softcap
  /// A number for each class that is added to its logit, after the cap.
  case logitBias = "logit_bias"
  /// What the logits are divided by, last.
  case temperature
  /// The coefficient of the squared log-sum-exp.
  case zLoss = "z_loss"
  /// The exponent γ of the focal loss.
  case focalGamma = "focal_gamma"
  /// The balance α of the focal loss.
  case focalAlpha = "focal_alpha"
  /// The sharpness β of the softplus.
  case beta
  /// Where the softplus goes over into its asymptote.
  case threshold
  /// What a mean over rows divides by.
  case denominator
  /// What the gradient of each row is multiplied by.
  case gradOutput = "grad_output"
}

/// The options of a loss. What is nil is not applied.
public struct LossOptions: Hashable, Sendable {
  /// What the numbers of a row are; the gradient is by these.
  public var input = InputKind.logits
  /// A weight w_c ≥ 0 for each class: Σ w_c y_c (−log p_c).
  public var classWeights: [FloatValue]?
  /// w ≥ 0 in −w·y log σ(z) − (1 − y) log(1 − σ(z)).
  public var positiveWeight: FloatValue?
  /// ε in [0, 1]: y becomes (1 − ε)·y + ε/K for K classes, K = 2 for the binary loss.
  public var labelSmoothing: FloatValue?
  /// Rows of this label have loss and gradient 0, and do not count in a mean.
  public var ignoreIndex: Int?
  /// s > 0: the logits are multiplied by it. What stands before a loss is ((c·tanh(s·x/c)) + b)/T.
  public var scale: FloatValue?
  /// c > 0: the scaled logits y become c·tanh(y/c).
  public var softcap: FloatValue?
  /// b: a number for each class, one for the functions of one logit, added to the capped logits.
  public var logitBias: [FloatValue]?
  /// T > 0: the logits, biased, are divided by it.
  public var temperature: FloatValue?
  /// c ≥ 0: c · (log Σ e^x)² is added to the loss.
  public var zLoss: FloatValue?
  /// γ ≥ 0: the loss is multiplied by (1 − p_t)^γ.
  public var focalGamma: FloatValue?
  /// α ≥ 0: the loss is multiplied by α; for the binary loss by α·y + (1 − α)(1 − y).
  public var focalAlpha: FloatValue?
  /// β > 0: the softplus is log(1 + e^(βz)) / β.
  public var beta: FloatValue?
  /// θ: where βz > θ, exactly, the softplus is z and its derivative 1. PyTorch has θ = 20, and rounds βz before it
  /// compares; without a threshold the softplus is the formula everywhere.
  public var threshold: FloatValue?
  /// What a mean over rows divides by; nil for the weights of those that count. It says nothing of a row.
  public var denominator: Denominator?
  /// What goes with the rows of the gradient of a loss: nothing, or a number for each that it is multiplied by.
  public var gradOutput = GradOutputKind.none

  /// No options.
  public init() {}

  /// The number of classes that the lists among the options are of; nil where there is none.
  package var classCount: Int? { classWeights?.count ?? logitBias?.count }

  /// The options that are set.
  public var present: Set<LossOption> {
    var names: Set<LossOption> = []
    if input != .logits { names.insert(.input) }
    if classWeights != nil { names.insert(.classWeights) }
    if positiveWeight != nil { names.insert(.positiveWeight) }
    if labelSmoothing != nil { names.insert(.labelSmoothing) }
    if ignoreIndex != nil { names.insert(.ignoreIndex) }
    if scale != nil { names.insert(.scale) }
    if softcap != nil { names.insert(.softcap) }
    if logitBias != nil { names.insert(.logitBias) }
    if temperature != nil { names.insert(.temperature) }
    if zLoss != nil { names.insert(.zLoss) }
    if focalGamma != nil { names.insert(.focalGamma) }
    if focalAlpha != nil { names.insert(.focalAlpha) }
    if beta != nil { names.insert(.beta) }
    if threshold != nil { names.insert(.threshold) }
    if denominator != nil { names.insert(.denominator) }
    if gradOutput != .none { names.insert(.gradOutput) }
    return names
  }
}

extension LossOption {
  /// What stands before a function of logits, in the order in which it applies.
  package static let beforeTheLoss: [LossOption] = [.scale, .softcap, .logitBias, .temperature]

  /// Where an option stands among others, by what it holds.
  package enum Value {
    /// What the numbers of a row are, by name.
    case input(WritableKeyPath<LossOptions, InputKind>)
    /// How many numbers of `grad_output` there are, by name.
    case gradOutput(WritableKeyPath<LossOptions, GradOutputKind>)
    /// Numbers of the format of the logits.
    case list(WritableKeyPath<LossOptions, [FloatValue]?>)
    case integer(WritableKeyPath<LossOptions, Int?>)
    /// A real parameter, whatever the format of the logits.
    case number(WritableKeyPath<LossOptions, FloatValue?>)
    /// What a mean divides by, by name.
    case denominator(WritableKeyPath<LossOptions, Denominator?>)
  }

  /// Where this option stands.
  package var value: Value {
    switch self {
    case .input: .input(\.input)
    case .classWeights: .list(\.classWeights)
    case .positiveWeight: .number(\.positiveWeight)
    case .labelSmoothing: .number(\.labelSmoothing)
    case .ignoreIndex: .integer(\.ignoreIndex)
    case .scale: .number(\.scale)
    case .softcap: .number(\.softcap)
    case .logitBias: .list(\.logitBias)
    case .temperature: .number(\.temperature)
    case .zLoss: .number(\.zLoss)
    case .focalGamma: .number(\.focalGamma)
    case .focalAlpha: .number(\.focalAlpha)
    case .beta: .number(\.beta)
    case .threshold: .number(\.threshold)
    case .denominator: .denominator(\.denominator)
    case .gradOutput: .gradOutput(\.gradOutput)
    }
  }
}

/// How the losses of a batch become one.
public enum Reduction: String, CaseIterable, Hashable, Codable, Sendable {
  /// They do not.
  case none
  /// Their sum over the weights of the rows that count, or over what else the options name as `denominator`.
  case mean
  /// Their sum.
  case sum
}
