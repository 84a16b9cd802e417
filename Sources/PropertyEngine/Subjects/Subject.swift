public import FloatFormats
public import LossFunctions

/// Code under verification as the engine sees it: something that answers rows with outputs.
///
/// It may be a function of this process, a library or a program; it may fail.
public protocol Subject: Sendable {
  /// The answers to rows of one shape.
  ///
  /// - Throws: Only what ends the whole trial, such as a program that cannot be started. What goes
  ///   wrong on a row is among the answers' failures.
  func answers(to rows: LossRows) async throws -> RowAnswers

  /// The same in two steps: puts rows in line, behind those that stand there. By default they are asked about once
  /// their answers are waited for.
  func asking(_ rows: LossRows) async -> Pending<RowAnswers>

  /// The same, waited for as long as a row may take at all.
  func patientAnswers(to rows: LossRows) async throws -> RowAnswers
}

/// What has been asked for and may still be on its way.
public struct Pending<Value>: Sendable {
  /// Waits for it.
  public let value: @Sendable () async throws -> Value
  /// Says that nobody will.
  public let cancel: @Sendable () -> Void

  /// What is on its way.
  public init(
    _ value: @escaping @Sendable () async throws -> Value,
    cancel: @escaping @Sendable () -> Void = {}
  ) {
    (self.value, self.cancel) = (value, cancel)
  }

  /// What is made of it.
  func map<Other>(_ transform: @escaping @Sendable (Value) -> Other) -> Pending<Other> {
    Pending<Other>({ [value] in transform(try await value()) }, cancel: cancel)
  }
}

extension Subject {
  public func asking(_ rows: LossRows) async -> Pending<RowAnswers> {
    Pending { try await answers(to: rows) }
  }

  /// By default, what it answers in a hurry.
  public func patientAnswers(to rows: LossRows) async throws -> RowAnswers {
    try await answers(to: rows)
  }

  /// The answers to rows of any shapes, one for each, in order.
  ///
  /// - Parameter format: The format of the rows' numbers.
  public func responses(
    to inputs: [LossInput], in format: FloatFormat
  ) async throws -> [Response] {
    var responses = [Response](repeating: .unsupported("no answer"), count: inputs.count)
    for batch in inputs.batches(in: format) {
      let answers = try await answers(to: batch.rows)
      for (row, place) in batch.places.enumerated() { responses[place] = answers[row] }
    }
    return responses
  }
}

/// An answer to a row by itself.
public enum Response: Sendable {
  /// The outputs.
  case outputs([FloatValue])
  /// That the code does not do such rows, and why.
  case unsupported(String)
  /// That something went wrong: a crash, a hang, an answer that is none.
  case failed(Failure)
}

extension Response {
  /// The outputs of code of this process; an error that it throws counts as a crash.
  package init(_ outputs: () async throws -> [FloatValue]) async {
    do {
      self = .outputs(try await outputs())
    } catch {
      self = .failed(Failure(.crash, "threw \(error)"))
    }
  }
}
