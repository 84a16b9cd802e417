internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference

/// Lines on their way to an answer: consecutive rows of one shape and the same options wait for each
/// other and are answered together.
struct PendingRows {
  private let evaluator: Evaluator
  private var tape = JSONTape()
  private var reader: RequestReader
  private var answers = EvaluationAnswers()

  private var logits: NumberColumn
  private var labels: [Int32] = []
  private var probabilities: NumberColumn
  private var gradOutputs: NumberColumn
  /// The number of the line of each row.
  private var lines: [Int] = []
  private var classCount = 0
  private var targetKind = TargetKind.none
  private var options = LossOptions()

  /// More rows wait for no one.
  private static let greatestCount = 4096

  init(_ evaluator: Evaluator) {
    self.evaluator = evaluator
    reader = RequestReader(function: evaluator.function, format: evaluator.inputFormat)
    logits = NumberColumn(evaluator.inputFormat)
    probabilities = NumberColumn(evaluator.inputFormat)
    gradOutputs = NumberColumn(evaluator.inputFormat)
  }

  /// Takes the next line.
  mutating func take(_ line: UnsafeBufferPointer<UInt8>) {
    answers.lineCount += 1
    do throws(EvaluationRequestError) {
      do throws(JSONError) {
        try tape.read(line)
      } catch {
        throw .json(error)
      }
      if let (rows, reduction) = try reader.read(tape, JSONTape.root) {
        flush()
        let options = reader.options
        answer(answers.lineCount) { evaluator throws(ReferenceError) in
          let values = try Reference().exact(
            evaluator.function, batch: rows, reduction: reduction, options: options)
          switch values {
          case .reduced(let value):
            return try evaluator.reply([value], isList: false, isNested: false)
          case .perRow(let rows):
            return try evaluator.reply(
              rows, isList: true, isNested: evaluator.function.hasOutputList)
          }
        }
      } else {
        takeRow()
      }
    } catch {
      complain(answers.lineCount, error.description)
    }
  }

  /// The answers to all lines.
  consuming func finish() -> EvaluationAnswers {
    flush()
    answers.errors.sort { $0.line < $1.line }
    return answers
  }

  private mutating func complain(_ line: Int, _ problem: String) {
    answers.errors.append(EvaluationError(line: line, description: problem))
  }

  private mutating func takeRow() {
    // Columns have no room for labels beyond 32 bits, none for digits and none for rows of no logits.
    guard evaluator.digitCount == nil, Int32(exactly: reader.label) != nil, reader.logits.count > 0,
      ![.probabilities, .logits].contains(reader.targetKind)
        || reader.probabilities.count == reader.logits.count,
      reader.gradOutput.count
        == evaluator.function.gradOutputCount(classCount: reader.logits.count, reader.options)
    else {
      flush()
      return answerAlone(reader.row, options: reader.options, line: answers.lineCount)
    }
    if reader.logits.count != classCount || reader.targetKind != targetKind
      || lines.count == Self.greatestCount || reader.options != options
    {
      flush()
      classCount = reader.logits.count
      targetKind = reader.targetKind
      options = reader.options
    }
    logits.append(reader.logits, 0..<classCount)
    gradOutputs.append(reader.gradOutput, 0..<reader.gradOutput.count)
    switch targetKind {
    case .none: break
    case .index: labels.append(Int32(reader.label))
    case .probabilities, .logits: probabilities.append(reader.probabilities, 0..<classCount)
    }
    lines.append(answers.lineCount)
  }

  /// Answers the rows that wait.
  private mutating func flush() {
    guard !lines.isEmpty else { return }
    let rows = LossRows(
      classCount: classCount, logits: logits, labels: targetKind == .index ? labels : nil,
      probabilities: targetKind == .probabilities ? probabilities : nil,
      targetLogits: targetKind == .logits ? probabilities : nil, gradOutputs: gradOutputs)
    if let values = try? Reference().evaluate(
      evaluator.function, rows, options: options, in: evaluator.outputFormat,
      rounding: evaluator.direction)
    {
      let isList = evaluator.function.hasOutputList
      for (row, line) in lines.enumerated() {
        if let error = values.undecided[row] {
          complain(line, error.description)
        } else {
          answers.text.appendReply(
            values.values, [values.places(ofRow: row)], isList: isList, isNested: false)
          answers.text.append(contentsOf: "}\n".utf8)
        }
      }
    } else {
      // One of them is none that the function is defined for.
      for (row, line) in lines.enumerated() { answerAlone(rows[row], options: options, line: line) }
    }
    logits.removeAll()
    labels.removeAll(keepingCapacity: true)
    probabilities.removeAll()
    gradOutputs.removeAll()
    lines.removeAll(keepingCapacity: true)
  }

  private mutating func answerAlone(_ row: LossInput, options: LossOptions, line: Int) {
    answer(line) { evaluator throws(ReferenceError) in
      let values = try Reference().exact(evaluator.function, row, options: options)
      return try evaluator.reply(
        [values], isList: evaluator.function.hasOutputList, isNested: false)
    }
  }

  private mutating func answer(
    _ line: Int, _ reply: (Evaluator) throws(ReferenceError) -> [UInt8]
  ) {
    do throws(ReferenceError) {
      answers.text += try reply(evaluator)
    } catch {
      complain(line, error.description)
    }
  }
}
