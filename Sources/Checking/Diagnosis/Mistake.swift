internal import LossFunctions

/// A known way to compute a loss wrongly.
public struct Mistake: Sendable {
  /// The name in reports: `activation-twice`.
  public let name: String
  /// What was done, in a line.
  public let summary: String
  /// What the code would give if it made the mistake, in each of the forms that it comes in.
  let hypotheses: @Sendable (Evidence) -> [Hypothesis]

  init(
    _ name: String, _ summary: String,
    hypotheses: @escaping @Sendable (Evidence) -> [Hypothesis]
  ) {
    self.name = name
    self.summary = summary
    self.hypotheses = hypotheses
  }

  /// A mistake of one form that concerns each row by itself; nil where it does not apply.
  init(
    _ name: String, _ summary: String,
    outputs: @escaping @Sendable (DoubleModel.Row, Evidence) -> [Double]?
  ) {
    self.init(name, summary) { evidence in
      [Hypothesis { outputs($0.row, evidence) }]
    }
  }
}

/// One form of a mistake, with its parameters.
struct Hypothesis: Sendable {
  /// The parameters, for the reader: `ε = 1e-7`.
  var detail: String?
  /// How much less likely it is than another that explains as much.
  var doubt = 0.0
  /// The outputs of each row of a batch; NaN and infinities stand for any output that is not finite,
  /// nil for rows of which nothing is said.
  let outputs: @Sendable (ObservedBatch) -> [[Double]?]

  init(
    _ detail: String? = nil, batch outputs: @escaping @Sendable (ObservedBatch) -> [[Double]?]
  ) {
    self.detail = detail
    self.outputs = outputs
  }

  init(_ detail: String? = nil, row outputs: @escaping @Sendable (Observation) -> [Double]?) {
    self.init(detail, batch: { $0.rows.map(outputs) })
  }

  /// The same, less likely than another that explains as much.
  func doubted(_ doubt: Double = 0.05) -> Hypothesis {
    var hypothesis = self
    hypothesis.doubt = doubt
    return hypothesis
  }

  /// A step taken another way.
  init(_ detail: String? = nil, _ model: DoubleModel) {
    self.init(detail, row: { model.outputs($0.row) })
  }

  /// What a model gives, each output changed.
  init(
    _ detail: String? = nil, _ model: DoubleModel,
    changing change: @escaping @Sendable (_ output: Double) -> Double
  ) {
    self.init(detail, row: { model.outputs($0.row).map(change) })
  }
}
