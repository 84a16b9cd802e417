public import LossFunctions

/// A way in which the claim fails, and the simplest rows found that show it.
public struct Finding: Sendable {
  /// The stage that found it first.
  public let stage: String
  /// The case's place in its stage.
  public let index: Int
  /// What went wrong there.
  public let failure: Failure
  /// The case as it was found.
  public let original: LossInput
  /// Under what conditions it fails.
  public let reproduction: Reproduction
  /// The simplest rows found of which one fails in the same way: that one alone, unless it takes others
  /// beside it.
  public let rows: LossRows
  /// Which of them fails.
  public let row: Int
  /// What it says.
  public let judgement: Judgement
  /// The later stages whose failure came to the same.
  public internal(set) var laterStages: [String] = []

  /// A finding.
  public init(
    stage: String, index: Int, failure: Failure, original: LossInput,
    reproduction: Reproduction = .alone, rows: LossRows, row: Int = 0, judgement: Judgement
  ) {
    self.stage = stage
    self.index = index
    self.failure = failure
    self.original = original
    self.reproduction = reproduction
    self.rows = rows
    self.row = row
    self.judgement = judgement
  }

  /// The row that fails.
  public var shrunk: LossInput { rows[row] }

  /// Whether another finding says the same: of the same row, or that it is no row's fault.
  func isSame(as other: Finding) -> Bool {
    failure.kind == other.failure.kind && reproduction == other.reproduction
      && (reproduction != .alone || shrunk == other.shrunk)
  }
}
