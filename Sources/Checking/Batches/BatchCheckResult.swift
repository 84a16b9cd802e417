public import FloatFormats
public import LossFunctions
public import PropertyEngine
internal import Reference
public import Verification

/// What a check of batches found.
public struct BatchCheckResult: Sendable {
  /// What the implementation had to do with each row.
  public let contract: CheckContract
  /// What it is called.
  public let subjectName: String
  /// The seed of the cases; nil where they are those of a file.
  public let seed: UInt64?
  /// What was observed, family by family.
  public internal(set) var stages: [Stage] = []
  /// The first failure of each kind, with as few rows as show it.
  public internal(set) var findings: [BatchFinding] = []
  /// Whether all that was planned has been judged.
  public internal(set) var isComplete = true
  /// Whether each of the batches that failed before failed again, by its place; without those that were not answered.
  public internal(set) var known: [Int: Bool] = [:]
  /// The batch of the largest finite error in ulps; nil where nothing was compared.
  public private(set) var worst: BatchFinding?
  /// The mistakes in rows that the wrong batches look like, the likeliest first.
  public internal(set) var diagnoses: [Diagnosis] = []
  /// Some of the batches of several rows that are wrong.
  private(set) var wrongBatches: [WrongBatch] = []
  private var denominators: DenominatorEvidence

  /// - Parameter isOfOneBatch: Whether a file's one batch is all that there is.
  init(
    _ contract: CheckContract, subjectName: String, seed: UInt64?, isOfOneBatch: Bool = false
  ) {
    denominators = DenominatorEvidence(isOfOneBatch: isOfOneBatch)
    self.contract = contract
    self.subjectName = subjectName
    self.seed = seed
  }

  /// The batches of one family.
  public struct Stage: Sendable {
    /// The family, or `edges`.
    public let name: String
    /// How many batches and rows were answered, and how many batches failed.
    public internal(set) var batchCount = 0
    public internal(set) var rowCount = 0
    public internal(set) var failureCount = 0
    /// The errors of the outputs, and what they are of what is common. A case of theirs is a row of the batch.
    public private(set) var statistics = ErrorTally()
    public private(set) var grades = GradeTally()
    /// The worst batch that failed, or else the worst of all, in a line.
    public internal(set) var witness: String?
    private var greatestULPs = -1.0
    private var greatestFailure = -1.0
    /// The kinds of failures, and how many.
    public internal(set) var failures: [String: Int] = [:]
    /// Why batches were left out, and how many.
    public internal(set) var leftOut: [String: Int] = [:]
    /// How many outputs had NaN or an infinity for an exact value, and how many of them agreed.
    public private(set) var specialCount = 0
    public private(set) var specialAgreements = 0

    init(name: String) { self.name = name }

    mutating func leaveOut(_ reason: String) { leftOut[reason, default: 0] += 1 }

    mutating func count(_ rows: LossRows) {
      batchCount += 1
      rowCount += rows.count
    }

    mutating func fail(_ kind: String, _ message: String, ulps: Double = 0) {
      failureCount += 1
      failures[kind, default: 0] += 1
      guard ulps > greatestFailure else { return }
      (greatestFailure, witness) = (ulps, message)
    }

    mutating func observe(
      _ rows: LossRows, _ outputs: NumberColumn, _ exact: ReducedExact,
      _ comparison: BatchComparison
    ) {
      for place in comparison.ulps.indices {
        if comparison.isSpecial[place] {
          specialCount += 1
          if comparison.ulps[place] == 0 { specialAgreements += 1 }
        } else {
          grades.observe(ulps: comparison.ulps[place], share: comparison.shares[place])
        }
      }
      // Where there is one value in all, the first row stands for them.
      let each = exact.certified.outputsPerRow
      let isRowByRow = exact.certified.rowCount == rows.count
      let shown = isRowByRow ? rows : rows.selecting(rows.count > 0 ? [0] : [])
      if shown.count > 0 {
        statistics.observe(
          shown, places: [Int](repeating: batchCount - 1, count: shown.count), computed: outputs,
          exact: exact.certified, errors: comparison.errors
        ) { row in !(row * each..<(row + 1) * each).contains { comparison.isSpecial[$0] } }
      }
      // One that fails takes the place of others, however far off those are that the claim allows.
      guard failureCount == 0 else { return }
      if let place = comparison.worstPlace, comparison.ulps[place] > max(greatestULPs, 0) {
        greatestULPs = comparison.ulps[place]
        witness = "\(rows.counted): \(comparison.message(at: place, outputs))"
      }
    }
  }

  mutating func add(_ finding: BatchFinding) {
    guard !findings.contains(where: { $0.kind == finding.kind }) else { return }
    findings.append(finding)
  }

  mutating func observe(
    _ rows: LossRows, _ outputs: NumberColumn, _ exact: ReducedExact, _ comparison: BatchComparison,
    in stage: String
  ) {
    if let place = comparison.worstPlace, comparison.ulps[place].isFinite,
      comparison.ulps[place] > worst?.ulps ?? -1
    {
      worst = BatchFinding(
        stage: stage, rows: rows, kind: "worst", output: outputs[place],
        message: comparison.message(at: place, outputs), exact: exact, ulps: comparison.ulps[place],
        isAllowed: comparison.failingPlace == nil)
    }
    guard comparison.failingPlace != nil else { return }
    denominators.observe(outputs, exact, rows, contract)
    if wrongBatches.count < WrongBatch.greatestCount, WrongBatch.rowCounts ~= rows.count {
      wrongBatches.append(WrongBatch(rows: rows, outputs: outputs))
    }
  }

  /// What the wrong batches were divided by, where that explains them: a few words.
  public var denominator: String? { denominators.explanation }

  /// What it comes to.
  public var verdict: Verdict {
    if stages.contains(where: { $0.failureCount > 0 }) { return .fellShort }
    guard isComplete else { return .incomplete }
    return stages.contains { $0.batchCount > 0 } ? .passed : .inconclusive
  }
}

/// A batch on which a reduction is not what it should be.
public struct BatchFinding: Sendable {
  /// The family that found it.
  public let stage: String
  /// The rows.
  public let rows: LossRows
  /// In which way it fails.
  public let kind: String
  /// The output that is furthest off; nil where there was none.
  public let output: FloatValue?
  /// What happened, in a line.
  public let message: String
  let exact: ReducedExact
  /// The error of that output in ulps; nil where there was none.
  public var ulps: Double?
  /// Whether what is claimed allows it all the same.
  var isAllowed = false
}

extension LossRows {
  /// How many there are, in words.
  var counted: String { count == 1 ? "1 row" : "\(count) rows" }
}
