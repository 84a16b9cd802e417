public import FloatFormats
public import LossFunctions

/// A function of this process, of one row at a time.
public struct ClosureSubject: Subject {
  private let outputFormat: FloatFormat?
  private let outputs: @Sendable (LossInput) async throws -> [FloatValue]

  /// A function; an error that it throws counts as a crash on that row.
  ///
  /// - Parameter outputFormat: The format of its outputs; nil where it is that of the rows.
  public init(
    outputFormat: FloatFormat? = nil,
    _ outputs: @escaping @Sendable (LossInput) async throws -> [FloatValue]
  ) {
    self.outputFormat = outputFormat
    self.outputs = outputs
  }

  public func answers(to rows: LossRows) async throws -> RowAnswers {
    var responses: [Response] = []
    for row in 0..<rows.count {
      responses.append(await Response { try await outputs(rows[row]) })
    }
    return RowAnswers(responses, in: outputFormat ?? rows.format)
  }
}
