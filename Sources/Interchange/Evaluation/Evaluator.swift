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
    let answers = answers(line)
    if let error = answers.errors.first { return .failure(error) }
    return .success(String(decoding: answers.text.dropLast(), as: UTF8.self))
  }

  /// The answers to lines, each of which but perhaps the last ends in a line feed.
  public func answers(_ lines: ArraySlice<UInt8>) -> EvaluationAnswers {
    var pending = PendingRows(self)
    lines.withUnsafeBufferPointer { bytes in
      var start = 0
      repeat {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        pending.take(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        start = end + 1
      } while start < bytes.count
    }
    return pending.finish()
  }
}

/// The answers to some lines.
public struct EvaluationAnswers: Sendable {
  /// The lines of those that could be given.
  public internal(set) var text: [UInt8] = []
  /// What was wrong with the others, in order.
  public internal(set) var errors: [EvaluationError] = []
  /// The number of lines.
  public internal(set) var lineCount = 0
}

/// Why a line of `evaluate` has no answer.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The number of the line among those that were asked, from 1.
  public let line: Int
  /// What was wrong and what to do.
  public let description: String
}
