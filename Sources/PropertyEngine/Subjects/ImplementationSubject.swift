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
    let format = rows.format
    let responses = await concurrentMap(Array(0..<rows.count)) { row in
      implementation.evaluate(rows[row], in: format).map(Response.outputs)
        ?? .unsupported("\(implementation.name) has no answer for such rows in \(format)")
    }
    return RowAnswers(responses, in: format)
  }
}
