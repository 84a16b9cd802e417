internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Verification

/// Softmax at prediction time: monotone in exact arithmetic, but rounding ties what differs.
public struct PredictionStudy: Study {
  public let name = "predict"
  public let title = "Softmax at prediction time"
  public let question = "Does softmax change the prediction, and when must it be applied?"

  private static let rowCount = 20_000
  private static let classCount = 10
  private static let scales = [0.001, 0.01, 0.1, 1.0, 10, 100]

  /// The study.
  public init() {}

  public func answer(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> StudyAnswer {
    var rows: [[String]] = []
    var curves: [Figure.Curve] = []
    for (done, format) in studiedFormats.enumerated() {
      let tallies = Self.scales.map { tally(format, scale: $0) }
      for (scale, tally) in zip(Self.scales, tallies) {
        rows.append([
          format.name, short(scale), percent(tally.tiedLogits, of: Self.rowCount),
          percent(tally.newTies, of: Self.rowCount), percent(tally.changed, of: Self.rowCount),
          percent(tally.unshiftedChanged, of: Self.rowCount),
        ])
      }
      curves.append(
        Figure.Curve(
          name: format.name, x: Self.scales,
          y: tallies.map { 100 * Double($0.newTies) / Double(Self.rowCount) }))
      progress(done + 1, studiedFormats.count)
    }
    return StudyAnswer(
      tables: [
        StudyTable(
          heading: "Ties and changed predictions",
          title: """
            \(Self.rowCount) rows of \(Self.classCount) normal logits times a scale: the two \
            greatest before and after softmax
            """,
          columns: [
            "format", "scale", "logits tie", "softmax ties unequal logits", "argmax changes",
            "argmax changes, unshifted",
          ], rows: rows)
      ],
      figures: [
        Figure(
          name: "predict-ties", title: "Rows whose greatest logits softmax makes equal",
          xTitle: "scale of the logits", yTitle: "rows in %", curves: curves,
          hasLogarithmicX: true, leastY: 0.005)
      ],
      words: [
        "Softmax keeps the order of the logits. Rounding may make the two greatest equal, but never swaps them.",
        "For the predicted class take argmax of the logits: softmax gains nothing, and may make a tie.",
        "Apply softmax where the probabilities themselves are asked for: thresholds, sampling, averages, calibration.",
      ])
  }

  private struct Tally {
    var tiedLogits = 0
    var newTies = 0
    var changed = 0
    var unshiftedChanged = 0
  }

  private func tally(_ format: FloatFormat, scale: Double) -> Tally {
    var choices = ChoiceSource(
      RandomSource(seed: 1, path: ["predict", format.name, short(scale)]))
    var tally = Tally()
    for _ in 0..<Self.rowCount {
      let logits = (0..<Self.classCount).map { _ in
        FloatValue(format.nearest(scale * choices.normal()))
      }
      let input = LossInput(logits: logits)
      guard let shifted = ShiftedSoftmax().evaluate(input, in: format),
        let unshifted = UnshiftedSoftmax().evaluate(input, in: format)
      else { continue }
      let (before, after) = (logits.greatest, shifted.greatest)
      if before.count > 1 { tally.tiedLogits += 1 }
      if after.count > before.count { tally.newTies += 1 }
      // argmax takes the first of equals, as NumPy's does.
      if after.first != before.first { tally.changed += 1 }
      if unshifted.greatest.first != before.first { tally.unshiftedChanged += 1 }
    }
    return tally
  }
}

extension [FloatValue] {
  /// The places of the greatest; none among NaNs.
  fileprivate var greatest: [Int] {
    guard var maximum = first(where: { !$0.isNaN }) else { return [] }
    for value in self where maximum.isLess(than: value) { maximum = value }
    return indices.filter { self[$0].isNumericallyEqual(to: maximum) }
  }
}
