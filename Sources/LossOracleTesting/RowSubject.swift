internal import FloatFormats
public import LossOracle

/// A row in a type of numbers.
public struct Row<T: LossScalar> {
  /// A logit for each class; of shards that are merged the maximum of each.
  public let logits: [T]
  /// The class that is the target, where one is; −1 in another shard.
  public let label: Int?
  /// A probability for each class, where those are the target.
  public let probabilities: [T]?
  /// A logit of the target for each class, where those are given.
  public private(set) var targetLogits: [T]?
  /// What a gradient is multiplied by; of shards that are merged their sums, and then their logits of the target.
  public let gradOutput: [T]

  init(_ input: LossInput) {
    logits = input.logits.map { T($0) }
    gradOutput = input.gradOutput.map { T($0) }
    switch input.target {
    case .none: (label, probabilities) = (nil, nil)
    case .index(let index): (label, probabilities) = (index, nil)
    case .probabilities(let values): (label, probabilities) = (nil, values.map { T($0) })
    case .logits(let values):
      (label, probabilities) = (nil, nil)
      targetLogits = values.map { T($0) }
    }
  }
}

/// Thrown by a loss on a row that its claim is not about: the row is left out.
public struct UnsupportedCase: Error {
  let reason: String

  /// The reason, for the report.
  public init(_ reason: String) {
    self.reason = reason
  }
}

/// A function of rows as the engine sees it.
struct RowSubject<T: LossScalar>: Subject {
  let outputs: @Sendable (Row<T>) throws -> [T]

  func answers(to rows: LossRows) async throws -> RowAnswers {
    let responses = await concurrentMap(Array(0..<rows.count)) { row -> Response in
      do {
        return .outputs(try outputs(Row(rows[row])).map(\.floatValue))
      } catch let error as UnsupportedCase {
        return .unsupported(error.reason)
      } catch {
        return .failed(Failure(.crash, "threw \(error)"))
      }
    }
    return RowAnswers(responses, in: T.format)
  }
}
