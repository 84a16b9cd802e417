internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Reference
internal import Verification

/// The confident mistake: what is left of the gradient where the probability of the truth underflows.
public struct GradientStudy: Study {
  public let name = "gradient"
  public let title = "The gradient of a confident mistake"
  public let question = "What is left of the gradient at a confident mistake?"

  /// The study.
  public init() {}

  public func answer(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> StudyAnswer {
    let questions = Question.all
    var rows: [[String]] = []
    var figures: [Figure] = []
    for (done, question) in questions.enumerated() {
      let mistakes = try studiedFormats.map { try Mistakes(question, in: $0) }
      for candidate in implementations(of: question.function) {
        for mistakes in mistakes {
          rows.append(
            [question.title, candidate.name, mistakes.rows.format.name]
              + mistakes.breakingGaps(candidate).map { $0.map(short) ?? "never" })
        }
      }
      figures.append(question.figure(in: .float32))
      progress(done + 1, questions.count)
    }
    return StudyAnswer(
      tables: [
        StudyTable(
          heading: "Where the gradient breaks",
          title: "The least gap to the truth, in steps of 1/8 up to 1000, at which the gradient…",
          columns: ["loss", "implementation", "format", "is off by 1 %", "is 0", "is inf or NaN"],
          rows: rows)
      ],
      figures: figures,
      words: [
        "The probability of the truth is rounded to 0. The derivative of its logarithm, 1/p, is then infinite.",
        "0 times infinity is NaN: the chain rule through p breaks just where the model has most to learn.",
        "On paper the chain rule comes to p - y. Computed as that difference it is 1 there, in every format.",
      ])
  }
}

/// A confident mistake of one of the two losses.
private struct Question: Sendable {
  let title: String
  let function: LossFunction
  /// The case of a gap.
  let input: @Sendable (Double, FloatFormat) -> LossInput
  /// The output that should be near 1.
  let outputIndex: Int

  static let all = [
    Question(
      title: "binary", function: .binaryCrossEntropyGradient,
      input: { LossInput(logit: $0, target: 0, in: $1) }, outputIndex: 0),
    Question(
      title: "categorical", function: .crossEntropyGradient,
      input: { LossInput(logits: [$0, 0], label: 1, in: $1) }, outputIndex: 0),
  ]

  /// The gradient over the gap.
  func figure(in format: FloatFormat) -> Figure {
    let gaps = (0...480).map { Double($0) / 4 }
    let curves = implementations(of: function).map { candidate in
      let values = gaps.map { gap -> Double? in
        let value = candidate.evaluate(input(gap, format), in: format)?[outputIndex].double
        return value.flatMap { $0.isFinite ? $0 : nil }
      }
      return Figure.Curve(name: candidate.name, x: gaps, y: values)
    }
    return Figure(
      name: "gradient-\(title)", title: "The gradient of a confident mistake, \(title), \(format)",
      xTitle: "lead of the wrong answer", yTitle: "computed gradient (exact: nearly 1)",
      curves: curves)
  }
}

/// The confident mistakes of one question in a format, with gaps in steps of 1/8 up to 1000.
private struct Mistakes {
  let rows: LossRows
  private let outputIndex: Int
  /// The exact gradients, as far as they are not 1 to 26 digits.
  private let exact: [Double]

  private static let gaps = (1...8000).map { Double($0) / 8 }

  init(_ question: Question, in format: FloatFormat) throws {
    let inputs = Self.gaps.map { question.input($0, format) }
    var rows = LossRows(like: LossRows(inputs[0], in: format))
    for input in inputs { rows.append(input) }
    self.rows = rows
    outputIndex = question.outputIndex
    exact = try zip(Self.gaps, inputs).prefix { $0.0 <= 60 }.map {
      try question.function.exact($0.1, in: .float64)[question.outputIndex].value.double
    }
  }

  /// The first gaps at which the gradient is off by 1 %, is 0, and is not finite.
  func breakingGaps(_ candidate: any Implementation) -> [Double?] {
    guard let values = candidate.evaluate(rows, withBounds: false)?.values.doubles else {
      return [nil, nil, nil]
    }
    let outputsPerRow = values.count / rows.count
    var (inaccurate, zero, notFinite): (Double?, Double?, Double?)
    for (row, gap) in Self.gaps.enumerated() {
      let computed = values[row * outputsPerRow + outputIndex]
      let exact = row < exact.count ? exact[row] : 1
      if inaccurate == nil, !((computed - exact).magnitude <= 0.01 * exact) { inaccurate = gap }
      if zero == nil, computed == 0 { zero = gap }
      if notFinite == nil, !computed.isFinite { notFinite = gap }
    }
    return [inaccurate, zero, notFinite]
  }
}
