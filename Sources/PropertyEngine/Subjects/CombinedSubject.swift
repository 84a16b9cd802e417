public import LossFunctions

/// Two subjects as one, for properties that relate the outputs of one to those of another.
public struct CombinedSubject: Subject {
  private let first: any Subject
  private let second: any Subject
  private let rowForSecond: @Sendable (LossInput) -> LossInput?

  /// Two subjects.
  ///
  /// - Parameter rowForSecond: What to ask the second for a row; nil where it is for the first.
  public init(
    _ first: any Subject, _ second: any Subject,
    rowForSecond: @escaping @Sendable (LossInput) -> LossInput?
  ) {
    self.first = first
    self.second = second
    self.rowForSecond = rowForSecond
  }

  public func answers(to rows: LossRows) async throws -> RowAnswers {
    let format = rows.format
    let inputs = (0..<rows.count).map { rows[$0] }
    let translated = inputs.map(rowForSecond)
    async let ours = first.responses(
      to: zip(inputs, translated).filter { $1 == nil }.map(\.0), in: format)
    async let theirs = second.responses(to: translated.compactMap(\.self), in: format)
    var (these, those) = (try await ours[...], try await theirs[...])
    let responses = translated.map { row in
      (row == nil ? these.popFirst() : those.popFirst()) ?? .unsupported("no answer")
    }
    return RowAnswers(responses, in: format)
  }
}
