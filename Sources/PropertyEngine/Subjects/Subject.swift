public import FloatFormats
public import LossFunctions
public import Losses

/// Code under verification as the engine sees it: something that answers rows with outputs.
///
/// It may be a function of this process, a library or a program; it may fail.
public protocol Subject: Sendable {
  /// The answers to a batch of rows, one for each, in order.
  ///
  /// - Throws: Only what ends the whole trial, such as a program that cannot be started. What goes
  ///   wrong on a row is the answer `failed`.
  func responses(to inputs: [LossInput]) async throws -> [Response]

  /// The answer to a row, waited for as long as a row may take at all.
  func patientResponse(to input: LossInput) async throws -> Response
}

extension Subject {
  /// By default, what it answers among others.
  public func patientResponse(to input: LossInput) async throws -> Response {
    try await responses(to: [input]).first ?? .unsupported("no answer")
  }
}

/// An answer to a row.
public enum Response: Sendable {
  /// The outputs.
  case outputs([FloatValue])
  /// That the code does not do such rows, and why.
  case unsupported(String)
  /// That something went wrong: a crash, a hang, an answer that is none.
  case failed(Failure)
}

/// A built-in implementation in one format.
public struct ImplementationSubject: Subject {
  /// The implementation.
  public let implementation: any Implementation
  /// The format that it computes in.
  public let format: FloatFormat

  /// An implementation in a format.
  public init(_ implementation: any Implementation, in format: FloatFormat) {
    self.implementation = implementation
    self.format = format
  }

  public func responses(to inputs: [LossInput]) async throws -> [Response] {
    await concurrentMap(inputs) { input in
      implementation.evaluate(input, in: format).map(Response.outputs)
        ?? .unsupported("\(implementation.name) has no answer for such rows in \(format)")
    }
  }
}

/// A function of this process.
public struct ClosureSubject: Subject {
  private let outputs: @Sendable (LossInput) async throws -> [FloatValue]

  /// A function; an error that it throws counts as a crash on that row.
  public init(_ outputs: @escaping @Sendable (LossInput) async throws -> [FloatValue]) {
    self.outputs = outputs
  }

  public func responses(to inputs: [LossInput]) async throws -> [Response] {
    var responses: [Response] = []
    for input in inputs {
      do {
        responses.append(.outputs(try await outputs(input)))
      } catch {
        responses.append(.failed(Failure(.crash, "threw \(error)")))
      }
    }
    return responses
  }
}
