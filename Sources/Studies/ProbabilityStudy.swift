internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference
internal import Verification

/// What is left of a loss once the sigmoid or the softmax has been rounded: the exact loss of the rounded
/// probability beside that of the logits. No implementation is in it: a loss from probabilities can do no better.
public struct ProbabilityStudy: Study {
  public let name = "probabilities"
  public let title = "What the rounding of p has lost before the loss is called"
  public let question = "How much of the loss is gone once p has been rounded?"

  private static let shownLogits = [1.0, 5, 8, 10, 12, 14, 16, 17, 20, 30, 40]
  private static let classCount = 10
  private static let stepCount = 8 * 60

  /// How many rows of ten classes are drawn of a family.
  private let rowCount: Int

  /// The study.
  public init() { self.init(rowCount: 2000) }

  /// The study of so many rows of each family.
  init(rowCount: Int) { self.rowCount = rowCount }

  public func answer(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> StudyAnswer {
    let total = studiedFormats.count + 1
    var (reach, shares): ([[String]], [[String]]) = ([], [])
    var curves: [Figure.Curve] = []
    for (done, format) in studiedFormats.enumerated() {
      reach.append(try reachRow(format))
      shares += try shareRows(format)
      let logits = (0...200).map { Double($0) / 5 }
      let lost = try logits.map { 100 * min(try Self.pair($0, target: 1, format).lost, 1) }
      curves.append(Figure.Curve(name: format.name, x: logits, y: lost))
      progress(done + 1, total)
    }
    let values = try valueTable()
    progress(total, total)
    func reached(_ format: FloatFormat, _ column: Int) -> String {
      reach.first { $0[0] == format.name }?[column] ?? "none"
    }
    return StudyAnswer(
      tables: [
        values,
        StudyTable(
          heading: "Where it is lost",
          title: """
            The first z, in steps of 1/8, at which the loss of p = σ(z), rounded to the format, is off by \
            1 %, by half, and altogether: 0 for a right answer (y = 1), ∞ for a mistake (y = 0)
            """,
          columns: [
            "format", "right, 1 %", "right, half", "right, 0", "mistake, 1 %", "mistake, half",
            "mistake, inf",
          ], rows: reach),
        StudyTable(
          heading: "Rows of ten classes",
          title: """
            \(rowCount) rows of \(Self.classCount) classes of a family, their softmax rounded to the \
            format: of how many the loss is off
            """,
          columns: ["format", "family", "off by 1 %", "off by half", "0 or infinite"], rows: shares),
      ],
      figures: [
        Figure(
          name: "probabilities-lost", title: "What rounding p costs of the loss, right answers",
          xTitle: "logit z, y = 1", yTitle: "loss that is off, in %", curves: curves,
          leastY: 1e-6)
      ],
      words: [
        """
        In float32 the loss of a right answer is first off by 1 % at z = \(reached(.float32, 1)); from \
        z = \(reached(.float32, 3)) on p is 1 and the loss 0.
        """,
        "A mistake costs infinity from there on: clips at 1e-7 and clamps at -100 put another number in its place.",
        """
        No formula of p can mend it, and float64 only moves it to z = \(reached(.float64, 3)): hand the logits to \
        the loss.
        """,
      ])
  }

  /// The exact loss of a logit, and that of its probability, rounded.
  private struct Pair {
    let probability: FloatValue
    let ofLogit: FloatValue
    let ofProbability: FloatValue

    /// The share of the loss that is off; infinite where the loss of the probability is.
    var lost: Double {
      guard ofProbability.isFinite else { return .infinity }
      let difference = ofProbability.adding(ofLogit.negated, scaledByPowerOfTwo: 0)
      return (difference.double / ofLogit.double).magnitude
    }
  }

  /// Of so many digits that differences of losses are exact figures.
  private static let wide = FloatFormat(named: "e15m112") ?? .float64

  private static func options(_ input: InputKind) -> LossOptions {
    var options = LossOptions()
    options.input = input
    return options
  }

  private static func loss(
    _ function: LossFunction, _ numbers: [FloatValue], _ target: Target, _ input: InputKind
  ) throws -> FloatValue {
    try Reference().evaluate(
      function, LossInput(logits: numbers, target: target), options: options(input), in: wide)[0]
      .value
  }

  private static func pair(
    _ logit: Double, target: Double, _ format: FloatFormat
  ) throws -> Pair {
    let z = FloatValue(format.nearest(logit))
    let y = Target.probabilities([FloatValue(target)])
    let p = try LossFunction.sigmoid.exact(LossInput(logits: [z]), in: format)[0].value
    return Pair(
      probability: p, ofLogit: try loss(.binaryCrossEntropy, [z], y, .logits),
      ofProbability: try loss(.binaryCrossEntropy, [p], y, .probabilities))
  }

  private func valueTable() throws -> StudyTable {
    let format = FloatFormat.float32
    func shown(_ value: FloatValue) -> String {
      let rounded = FloatFormat.float64.rounded(value, .nearestEven).double
      return short(rounded)
    }
    let rows = try Self.shownLogits.map { z in
      let (right, wrong) = (
        try Self.pair(z, target: 1, format), try Self.pair(z, target: 0, format)
      )
      return [
        short(z), format.shortestDecimal(right.probability), shown(right.ofLogit),
        shown(right.ofProbability), short(100 * right.lost), shown(wrong.ofLogit),
        shown(wrong.ofProbability), short(100 * wrong.lost),
      ]
    }
    return StudyTable(
      heading: "The exact loss of z, and of its rounded p",
      title: "p = σ(z), correctly rounded to float32; both losses are exact, in four digits",
      columns: [
        "z", "p", "y = 1: of z", "y = 1: of p", "y = 1: off by %", "y = 0: of z", "y = 0: of p",
        "y = 0: off by %",
      ], rows: rows)
  }

  private func reachRow(_ format: FloatFormat) throws -> [String] {
    [format.name]
      + (try [1.0, 0].flatMap { target in
        let pairs = try (1...Self.stepCount).lazy.map { step in
          (Double(step) / 8, try Self.pair(Double(step) / 8, target: target, format))
        }
        return [
          { (pair: Pair) in pair.lost > 0.01 }, { $0.lost > 0.5 },
          { $0.ofProbability.isZero || $0.ofProbability.isInfinite },
        ].map { isLost in pairs.first { isLost($0.1) }.map { short($0.0) } ?? "never to 60" }
      })
  }

  private func shareRows(_ format: FloatFormat) throws -> [[String]] {
    try [Family.normal, .confident, .confidentAndWrong].map { family in
      var (hundredth, half, all) = (0, 0, 0)
      for index in 0..<rowCount {
        let shape = CaseShape(
          function: .crossEntropy, format: format, classCount: Self.classCount)
        let row = family.input(shape, seed: 1, index: index)
        let p = try LossFunction.softmax.exact(LossInput(logits: row.logits), in: format)
        let pair = Pair(
          probability: .one,
          ofLogit: try Self.loss(.crossEntropy, row.logits, row.target, .logits),
          ofProbability: try Self.loss(
            .crossEntropy, p.map(\.value), row.target, .probabilities))
        if pair.lost > 0.01 { hundredth += 1 }
        if pair.lost > 0.5 { half += 1 }
        if pair.ofProbability.isZero || pair.ofProbability.isInfinite { all += 1 }
      }
      return [format.name, family.name]
        + [hundredth, half, all].map { percent($0, of: rowCount) }
    }
  }
}
