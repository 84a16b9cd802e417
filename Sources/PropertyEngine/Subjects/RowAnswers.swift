public import FloatFormats
public import LossFunctions

/// Answers to rows of one shape: a column of outputs, and what is wrong with the few rows that have
/// none.
public struct RowAnswers: Sendable {
  /// The number of outputs that each row has.
  public let outputsPerRow: Int
  /// The outputs in their format, row by row; NaN for a row that has none.
  public internal(set) var values: NumberColumn
  /// What went wrong, by row.
  public var failures: [Int: Failure] = [:]
  /// Why a row is not answered, by row.
  public var abstentions: [Int: String] = [:]
  /// What went wrong with a request that begins with a row, and did not when the rows were asked again of a
  /// new process.
  public var lapses: [Int: [Failure]] = [:]

  /// Answers without anything wrong.
  public init(_ values: NumberColumn, outputsPerRow: Int) {
    self.outputsPerRow = max(outputsPerRow, 1)
    self.values = values
  }

  /// Rows of which none is answered, for one reason.
  public init(unsupported reason: String, count: Int, outputsPerRow: Int, in format: FloatFormat) {
    self.init(
      NumberColumn(format, repeating: .nan, count: count * max(outputsPerRow, 1)),
      outputsPerRow: outputsPerRow)
    for row in 0..<count { abstentions[row] = reason }
  }

  /// Answers that were given row by row. Rows that have fewer outputs than others have failed.
  public init(_ responses: [Response], in format: FloatFormat) {
    let counts = responses.map { if case .outputs(let values) = $0 { values.count } else { 1 } }
    outputsPerRow = max(counts.max() ?? 1, 1)
    values = NumberColumn(format)
    values.reserveCapacity(responses.count * outputsPerRow)
    for (row, response) in responses.enumerated() {
      switch response {
      case .outputs(let outputs) where outputs.count == outputsPerRow:
        for output in outputs { values.append(output) }
        continue
      case .outputs(let outputs):
        let message = "\(outputs.count) outputs instead of \(outputsPerRow)"
        failures[row] = Failure(.outputCount, message)
      case .unsupported(let reason): abstentions[row] = reason
      case .failed(let failure): failures[row] = failure
      }
      for _ in 0..<outputsPerRow { values.append(FloatValue.nan) }
    }
  }

  /// The number of rows.
  public var count: Int { values.count / outputsPerRow }

  /// Appends answers with as many outputs a row.
  package mutating func append(_ more: RowAnswers) {
    for (row, failure) in more.failures { failures[count + row] = failure }
    for (row, reason) in more.abstentions { abstentions[count + row] = reason }
    for (row, failures) in more.lapses { lapses[count + row, default: []] += failures }
    values.append(more.values, 0..<more.values.count)
  }

  /// Appends a row that has failed.
  package mutating func append(_ failure: Failure) {
    failures[count] = failure
    for _ in 0..<outputsPerRow { values.append(FloatValue.nan) }
  }

  /// The answer to a row by itself.
  public subscript(row: Int) -> Response {
    if let failure = failures[row] { return .failed(failure) }
    if let reason = abstentions[row] { return .unsupported(reason) }
    return .outputs(values[row * outputsPerRow..<(row + 1) * outputsPerRow])
  }
}
