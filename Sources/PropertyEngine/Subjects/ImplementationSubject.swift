internal import FloatFormats
public import LossFunctions
public import Losses

/// A built-in implementation, computing in the format of the rows.
public struct ImplementationSubject: Subject {
  /// The implementation.
  public let implementation: any Implementation

  /// An implementation.
  public init(_ implementation: any Implementation) {
    self.implementation = implementation
  }

  public func answers(to rows: LossRows) async throws -> RowAnswers {
    let outputsPerRow = implementation.function.outputCount(classCount: rows.classCount)
    guard let computed = implementation.evaluate(rows, withBounds: false) else {
      return RowAnswers(
        unsupported: "\(implementation.name) has no answer for such rows in \(rows.format)",
        count: rows.count, outputsPerRow: outputsPerRow, in: rows.format)
    }
    return RowAnswers(computed.values, outputsPerRow: outputsPerRow)
  }
}
