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

  public func responses(to inputs: [LossInput]) async throws -> [Response] {
    let rows = inputs.map(rowForSecond)
    async let ours = first.responses(to: zip(inputs, rows).filter { $1 == nil }.map(\.0))
    async let theirs = second.responses(to: rows.compactMap(\.self))
    var (these, those) = (try await ours[...], try await theirs[...])
    return rows.map { row in
      (row == nil ? these.popFirst() : those.popFirst()) ?? .unsupported("no answer")
    }
  }
}
