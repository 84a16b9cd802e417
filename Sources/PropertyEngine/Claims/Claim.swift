public import FloatFormats
public import LossFunctions

/// A statement about code under verification that a single case can refute.
///
/// Trials look for such a case, and shrink it. A claim is asked about many cases at a time, so that
/// one about a program at the other end of a pipe need not wait for every answer by itself.
public protocol Claim: Sendable {
  /// The function that the cases are for.
  var function: LossFunction { get }
  /// The format of their numbers.
  var format: FloatFormat { get }
  /// What these numbers are.
  var input: InputKind { get }
  /// What their options say of `grad_output`.
  var gradOutput: GradOutputKind { get }
  /// The claim in one line: `errors of at most 4 ulp`.
  var statement: String { get }

  /// What rows of one shape say about the claim.
  ///
  /// - Parameter patiently: Whether each is waited for as long as a row may take at all.
  func judge(_ rows: LossRows, patiently: Bool) async throws -> Judgements

  /// The same in steps, for many rows at a time: a question about rows of one shape, with what can be known of them
  /// before the code is asked.
  ///
  /// - Parameter ranking: Whether it is to be known of each row how near to failing it is.
  func question(about rows: LossRows, ranking: Bool) async -> Question
}

/// A question about rows that is yet to be asked.
public struct Question: Sendable {
  /// What is left to be done when the code has answered, and needs the code no more.
  typealias Judging = @Sendable () -> Judgements

  /// Asks the code: what was asked before is waited for before.
  let ask: @Sendable () async -> Pending<Judging>
}

extension Claim {
  public var input: InputKind { .logits }
  public var gradOutput: GradOutputKind { .none }

  /// One of which nothing is known before, and nothing left to be done.
  public func question(about rows: LossRows, ranking: Bool) async -> Question {
    Question {
      Pending {
        let judgements = try await judge(rows)
        return { judgements }
      }
    }
  }

  /// What rows of one shape say, judged in a hurry.
  public func judge(_ rows: LossRows) async throws -> Judgements {
    try await judge(rows, patiently: false)
  }

  /// What rows of any shapes say, one judgement for each, in order.
  public func judge(_ inputs: [LossInput]) async throws -> [Judgement] {
    var judgements = [Judgement](repeating: Judgement(), count: inputs.count)
    for batch in inputs.batches(in: format) {
      let batchJudgements = try await judge(batch.rows)
      for (row, place) in batch.places.enumerated() { judgements[place] = batchJudgements[row] }
    }
    return judgements
  }
}
