internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

/// A batch that is being answered, from its first row to its last.
struct AnsweredBatch {
  let rows: LossRows
  var answers: RowAnswers
  /// The bytes that a row takes in the request.
  let rowSize: Int
  /// How often a failing row was looked for, and why none is any more.
  var locatedCount = 0
  private(set) var refusal: String?
  /// Rows of requests that were late, from the first that was given up early and was not to blame.
  private var lateRanges: [Range<Int>] = []

  init(_ rows: LossRows, _ contract: CheckContract) {
    self.rows = rows
    answers = RowAnswers(
      NumberColumn(contract.outputFormat), outputsPerRow: contract.outputsPerRow(of: rows))
    rowSize = max(1, (rows.classCount + 1) * rows.format.byteCount)
  }

  /// The first row that has no answer yet.
  var next: Int? { answers.count < rows.count ? answers.count : nil }

  /// Takes note of a failure of one of the next rows, and leaves it at that. That a request has gone
  /// unanswered says nothing of any of them, nor does an end that has not been repeated.
  mutating func giveUp(_ failure: Failure, onOneOf count: Int, note: String, isRepeated: Bool) {
    refusal =
      (isRepeated ? "" : "\(TrialReport.refusal): ") + "rows beside it had failed, which takes long"
    if !isRepeated {
      answers.lapses[answers.count, default: []].append(failure)
    } else if failure.kind != .hang {
      answers.append(failure.noting("on one of \(count) rows, \(note)"))
    }
  }

  /// Takes note of a late request, until one of its later rows is found to have hung.
  mutating func noteLate(_ events: [Failure], on range: Range<Int>) {
    answers.lapses[range.lowerBound, default: []] += events
    lateRanges.append(range)
  }

  /// Takes the failure of the next row for its answer.
  mutating func append(_ failure: Failure) {
    if failure.kind == .hang {
      for range in lateRanges where range.contains(answers.count) {
        answers.lapses[range.lowerBound] = nil
      }
    }
    answers.append(failure)
  }

  /// The answers, the missing ones left out for a reason.
  func refusing(_ reason: String) -> RowAnswers {
    var answers = answers
    answers.append(
      RowAnswers(
        unsupported: reason, count: rows.count - answers.count,
        outputsPerRow: answers.outputsPerRow, in: answers.values.format))
    return answers
  }
}

extension Failure {
  /// The same failure, with one more thing that is known.
  func noting(_ more: String) -> Failure {
    Failure(
      kind, message, note: [note, more].compactMap(\.self).joined(separator: "; "),
      mayComeFromOutside: mayComeFromOutside)
  }
}
