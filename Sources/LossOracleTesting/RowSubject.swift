internal import FloatFormats
internal import LossOracle

/// A row in a type of numbers.
struct Row<T: LossScalar> {
  let logits: [T]
  let label: Int?
  let probabilities: [T]?
  var targetLogits: [T]?

  init(_ input: LossInput) {
    logits = input.logits.map { T($0) }
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
