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
  /// How far the outputs may be off.
  public let tolerance: Tolerance
  /// What rows with infinite or NaN logits count for.
  public let specialValues: SpecialValues

  /// Whether nothing is said of probabilities of classes that do not sum to 1: p − y and p·Σy − y are
  /// the same gradient for the others.
  public var leavesOutUnnormalisedTargets = false

  /// What rows with infinite or NaN logits count for: frameworks differ there, and none is wrong.
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
    options: LossOptions = LossOptions(), tolerance: Tolerance = .rounding,
    specialValues: SpecialValues = .apart
  ) {
    self.function = function
    self.format = format
    self.outputFormat = outputFormat ?? format
    self.options = options
    self.tolerance = tolerance
    self.specialValues = specialValues
  }

  /// What someone else's implementation has to do, with options as they are sent: a JSON object.
  ///
  /// - Throws: Where the options are none of the function's.
  public init(
    _ function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat? = nil,
    parsing optionText: String, tolerance: Tolerance = .rounding,
    specialValues: SpecialValues = .apart
  ) throws {
    self.init(
      function, in: format, outputFormat: outputFormat,
      options: try LossOptions(parsing: optionText, for: function, in: format),
      tolerance: tolerance, specialValues: specialValues)
    leavesOutUnnormalisedTargets = specialValues == .apart
  }

  /// The options as they are sent, a JSON object.
  public var optionText: String { options.text }
}
