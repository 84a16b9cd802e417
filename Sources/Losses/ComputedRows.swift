package import FloatFormats
public import LossFunctions

/// What an implementation computed for a batch of rows.
public struct ComputedRows: Hashable, Sendable {
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

extension Implementation {
  /// The outputs for a batch of rows, each step rounded to the rows' format, and bounds of their errors
  /// where they are asked for and there is an analysis.
  ///
  /// - Returns: nil where the implementation does not support the format or the kind of target, or where
  ///   a label indexes no class.
  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    var values = NumberColumn(rows.format)
    var bounds: [Double]? = withBounds ? [] : nil
    for row in 0..<rows.count {
      let input = rows[row]
      guard let outputs = evaluate(input, in: rows.format) else { return nil }
      for output in outputs { values.append(output) }
      guard withBounds else { continue }
      if let errors = errorBounds(input, in: rows.format) {
        bounds?.append(contentsOf: errors)
      } else {
        bounds = nil
      }
    }
    return ComputedRows(values: values, bounds: bounds)
  }
}
