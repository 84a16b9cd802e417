public import FloatFormats
public import LossFunctions

/// Code under verification: something that computes a function in a format's own arithmetic.
public protocol Implementation: Sendable {
  /// The name, unique among the implementations of one function: `naive`, `logits`, …
  var name: String { get }
  /// The function that it computes.
  var function: LossFunction { get }
  /// The formula, in one line of plain text.
  var formula: String { get }

  /// The outputs for one row, each step rounded to `format`.
  ///
  /// - Returns: nil where the implementation does not support the format or the kind of target.
  func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]?
}
