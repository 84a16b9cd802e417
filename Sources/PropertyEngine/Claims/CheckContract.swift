public import FloatFormats
internal import Interchange
public import LossFunctions

/// What code has to do: the function that it computes, of which numbers, and how near to the exact
/// values.
public struct CheckContract: Hashable, Sendable {
  /// The function.
  public let function: LossFunction
  /// The format of the logits and probabilities.
  public let format: FloatFormat
  /// The format of the outputs, in which errors are measured.
  public let outputFormat: FloatFormat
  /// The options of the function.
  public var options: LossOptions
  /// How near the outputs have to be.
  public let claim: Grade
  /// Whether 0 may stand for a value below the least normal number; nil for what the claim takes, `common` 0
  /// for what its forms lose to underflow on the way, and the others none.
  public let subnormals: Subnormals?
  /// What rows with infinite or NaN logits count for.
  public let specialValues: SpecialValues
  /// How the rows stand in the arrays that are handed over.
  public var layout = RowLayout.classesLast
  /// Whether the array that they came in had the classes on its first axis, and nothing before them.
  public var hasClassesFirst = false
  /// How the losses of rows become one, where whole batches are asked for.
  public var reduction = Reduction.none
  /// Whether one call gives a loss and its gradient: `function` says which of them is judged.
  public var isJoint = false

  /// Whether nothing is said of probabilities of classes that do not sum to 1: p − y and p·Σy − y are
  /// the same gradient for the others.
  public var leavesOutUnnormalisedTargets = false

  /// What becomes of numbers below the normal range.
  public enum Subnormals: String, CaseIterable, Codable, Sendable {
    /// They are kept.
    case keep
    /// They are 0, among the inputs and the outputs alike, as some hardware has them.
    case flush
  }

  /// What rows with infinite or NaN numbers count for: frameworks differ there, and none is wrong. Those
  /// with logits of −∞ beside finite ones, the target among these, have one agreed value, and always count.
  public enum SpecialValues: String, CaseIterable, Codable, Sendable {
    /// Nothing, short of a crash or a hang.
    case apart
    /// As much as any other row.
    case strict
  }

  /// A contract.
  ///
  /// - Parameter outputFormat: That of the logits where it is nil.
  public init(
    _ function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    options: LossOptions = LossOptions(), claim: Grade = .common, subnormals: Subnormals? = nil,
    specialValues: SpecialValues = .apart
  ) {
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.claim = claim
    self.subnormals = subnormals
    self.specialValues = specialValues
  }

  /// What someone else's implementation has to do, with options as they are sent: a JSON object.
  ///
  /// - Throws: Where the options are none of the function's.
  public init(
    _ function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    parsing optionText: String, claim: Grade = .common, subnormals: Subnormals? = nil,
    specialValues: SpecialValues = .apart
  ) throws {
    self.init(
      function, in: format, outputFormat: outputFormat,
      options: try LossOptions(parsing: optionText, for: function, in: format),
      claim: claim, subnormals: subnormals, specialValues: specialValues)
    leavesOutUnnormalisedTargets = specialValues == .apart
  }

  /// Whether what a mean divides by is said of what is no mean.
  public var hasStrayDenominator: Bool { options.denominator != nil && reduction != .mean }

  /// What stands against `grad_output` where a batch is asked for as one, or a loss with its gradient; nil for nothing.
  public var gradOutputProblem: String? {
    guard options.gradOutput != .none, reduction != .none || isJoint else { return nil }
    return "grad_output goes with each row's gradient by itself: leave out "
      + (isJoint ? "the loss" : "the reduction")
  }

  /// The options as they are sent, a JSON object.
  public var optionText: String { options.text }
}

extension CheckContract {
  /// The format that a loss may be computed in: float32, or what it takes to hold logits and outputs.
  package var computingFormat: FloatFormat {
    let formats = [.float32, .float64, outputFormat, format] as [FloatFormat]
    return formats.first { $0.holds(format) && $0.holds(outputFormat) } ?? outputFormat
  }
}

extension FloatFormat {
  /// Whether every number of another format is one of this.
  package func holds(_ other: FloatFormat) -> Bool {
    precision >= other.precision && greatestExponent >= other.greatestExponent
      && leastSubnormal.exponent <= other.leastSubnormal.exponent
  }
}
