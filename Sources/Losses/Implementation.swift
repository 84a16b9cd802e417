public import FloatFormats
public import LossFunctions
internal import Multiprecision

/// Code under verification: something that computes a function in a format's own arithmetic.
public protocol Implementation: Sendable {
  /// The name, unique among the implementations of one function: `naive`, `logits`, …
  var name: String { get }
  /// The function that it computes.
  var function: LossFunction { get }
  /// The formula, in one line of plain text.
  var formula: String { get }
  /// Where the formula comes from: a paper, or a framework's file and function.
  var source: String { get }
  /// The frameworks that compute it so; empty where none is known to.
  var frameworks: [String] { get }

  /// The options of the function that it computes with, none by default. The exact value that it
  /// is held against is that of the function with the same options.
  func options(classCount: Int) -> LossOptions

  /// Whether the formula would give the exact value if it were computed without rounding; false where
  /// it clips, clamps or leaves terms out.
  var isExactFormula: Bool { get }

  /// The outputs for a batch of rows, each step rounded to the rows' format; with bounds of their errors
  /// where these are asked for and there is an analysis. The outputs are the same with and without.
  ///
  /// - Returns: nil where the implementation does not support the format or the kind of target, and where
  ///   a label indexes no class.
  func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows?
}

/// An implementation that computes in the type of numbers of the rows' format.
public protocol ScalarImplementation: Implementation {
  /// The outputs for a batch of rows of T's format, see `evaluate(_:withBounds:)`.
  func evaluate<T: LossScalar>(_ rows: LossRows, withBounds: Bool, in _: T.Type) -> ComputedRows?
}

extension Implementation {
  public var source: String { "" }
  public var frameworks: [String] { [] }
  public func options(classCount: Int) -> LossOptions { LossOptions() }
  public var isExactFormula: Bool { true }

  /// The outputs for one row, each step rounded to `format`: a batch of one.
  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    guard let values = evaluate(input, in: format, withBounds: false)?.values else { return nil }
    return values[0..<values.count]
  }

  /// Bounds of the absolute errors of the outputs for one row: a batch of one.
  public func errorBounds(_ input: LossInput, in format: FloatFormat) -> [Double]? {
    evaluate(input, in: format, withBounds: true)?.bounds
  }

  private func evaluate(
    _ input: LossInput, in format: FloatFormat, withBounds: Bool
  ) -> ComputedRows? {
    guard !input.logits.isEmpty else { return nil }
    var input = input
    input.logits = input.logits.map { format.rounded($0, .nearestEven) }
    if let numbers = input.target.numbers {
      input.target = input.target.with(numbers.map { format.rounded($0, .nearestEven) })
    }
    input.gradOutput = input.gradOutput.map { format.rounded($0, .nearestEven) }
    return evaluate(LossRows(input, in: format), withBounds: withBounds)
  }
}

extension Implementation {
  /// What the numbers of its rows are.
  public var input: InputKind { options(classCount: 1).input }

  /// What goes with the rows of the gradient of a loss.
  public var gradOutput: GradOutputKind { options(classCount: 1).gradOutput }
}

extension LossOptions {
  /// What the numbers of a row are, and no other option.
  static func of(_ input: InputKind) -> LossOptions {
    var options = LossOptions()
    options.input = input
    return options
  }

  /// One option, and no other.
  static func with<Value>(
    _ option: WritableKeyPath<LossOptions, Value?>, _ value: Value
  ) -> LossOptions {
    var options = LossOptions()
    options[keyPath: option] = value
    return options
  }
}

/// What an implementation computed for a batch of rows.
public struct ComputedRows: Sendable {
  /// The outputs, row by row, numbers of the rows' format: one a row, or one for each class.
  public let values: NumberColumn
  /// A bound of the absolute error of each output, by rounding analysis: infinite where an overflow,
  /// an underflow or a cancellation leaves nothing certain. Nil where no analysis was asked for, or none
  /// can be made: of a formula that is not exact.
  public let bounds: [Double]?

  /// Outputs and, where there are any, their bounds.
  public init(values: NumberColumn, bounds: [Double]? = nil) {
    self.values = values
    self.bounds = bounds
  }
}
