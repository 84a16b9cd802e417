public import FloatFormats
public import LossFunctions
public import Multiprecision
internal import Reference

/// Answers lines of JSON with lines of JSON: the work of `evaluate`, without its input and output.
public struct Evaluator: Sendable {
  /// The function to evaluate.
  public let function: LossFunction
  /// The format that inputs are read in.
  public let inputFormat: FloatFormat
  /// The format that outputs are rounded to.
  public let outputFormat: FloatFormat
  /// The direction of that rounding.
  public let direction: RoundingDirection
  /// How many significant decimal digits to add, if any.
  public let digitCount: Int?

  /// An evaluator.
  public init(
    function: LossFunction, inputFormat: FloatFormat, outputFormat: FloatFormat,
    direction: RoundingDirection = .nearestEven, digitCount: Int? = nil
  ) {
    self.function = function
    self.inputFormat = inputFormat
    self.outputFormat = outputFormat
    self.direction = direction
    self.digitCount = digitCount
  }

  /// The answer to one line, or what is wrong with the line.
  public func answer(_ line: ArraySlice<UInt8>) -> Result<String, EvaluationError> {
    do throws(EvaluationRequestError) {
      let request = try EvaluationRequest(parsing: line, for: function, in: inputFormat)
      do throws(ReferenceError) {
        return .success(try answer(request))
      } catch {
        return .failure(EvaluationError(description: error.description))
      }
    } catch {
      return .failure(EvaluationError(description: error.description))
    }
  }

  private func answer(_ request: EvaluationRequest) throws(ReferenceError) -> String {
    switch request {
    case .row(let input, let options):
      let values = try Reference().exact(function, input, options: options)
      return try reply([values], isList: function.hasOutputPerClass, isNested: false)
    case .batch(let rows, let reduction, let options):
      let values = try Reference().exact(
        function, batch: rows, reduction: reduction, options: options)
      switch values {
      case .reduced(let value): return try reply([value], isList: false, isNested: false)
      case .perRow(let rows):
        return try reply(rows, isList: true, isNested: function.hasOutputPerClass)
      }
    }
  }

  /// The reply for rows of outputs: a single value, a list, or a list of lists.
  private func reply(
    _ rows: [ExactValues], isList: Bool, isNested: Bool
  ) throws(ReferenceError) -> String {
    var values: [[String]] = []
    var decimals: [[String]] = []
    var digits: [[String]] = []
    for row in rows {
      let rounded = try row.rounded(to: outputFormat, direction)
      values.append(rounded.map(\.value.hexadecimal))
      decimals.append(rounded.map { outputFormat.shortestDecimal($0.value) })
      if let digitCount { digits.append(try row.decimalDigits(digitCount)) }
    }
    let suffix = isList ? "s" : ""
    func rendered(_ texts: [[String]]) -> String {
      let lists = texts.map { row in row.map { "\"\($0)\"" }.joined(separator: ",") }
      if isNested { return "[" + lists.map { "[\($0)]" }.joined(separator: ",") + "]" }
      return isList ? "[" + lists.joined(separator: ",") + "]" : lists.joined()
    }
    var text = "{\"value\(suffix)\":\(rendered(values)),\"decimal\(suffix)\":\(rendered(decimals))"
    if digitCount != nil { text += ",\"exact\":\(rendered(digits))" }
    return text + "}"
  }
}

/// Why a line of `evaluate` has no answer.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong and what to do.
  public let description: String
}
