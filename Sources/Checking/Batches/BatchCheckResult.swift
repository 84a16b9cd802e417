public import FloatFormats
public import LossFunctions
public import PropertyEngine
internal import Reference
internal import SmallFoundation

/// What a check of batches found.
public struct BatchCheckResult: Sendable {
  /// What the implementation had to do with each row.
  public let contract: CheckContract
  /// The seed of the cases.
  public let seed: UInt64
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
  private var denominators = DenominatorEvidence()

  init(_ contract: CheckContract, seed: UInt64) {
    self.contract = contract
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
    /// The largest error in ulps, and over what is common.
    public internal(set) var maximumULPs = 0.0
    public internal(set) var greatestShare = 0.0
    /// Why batches were left out, and how many.
    public internal(set) var leftOut: [String: Int] = [:]
    /// How many outputs had NaN or an infinity for an exact value, and how many of them agreed.
    public internal(set) var specialCount = 0
    public internal(set) var specialAgreements = 0

    mutating func leaveOut(_ reason: String) { leftOut[reason, default: 0] += 1 }

    mutating func count(_ rows: LossRows) {
      batchCount += 1
      rowCount += rows.count
    }

    mutating func observe(_ comparison: BatchComparison) {
      for place in comparison.ulps.indices {
        if comparison.isSpecial[place] {
          specialCount += 1
          if comparison.ulps[place] == 0 { specialAgreements += 1 }
        } else {
          maximumULPs = max(maximumULPs, comparison.ulps[place])
          greatestShare = max(greatestShare, comparison.shares[place])
        }
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
        message: comparison.message(at: place, outputs), exact: exact, ulps: comparison.ulps[place])
    }
    guard !contract.function.isGradient, !comparison.isSpecial[0] else { return }
    denominators.observe(
      outputs[0].double, exact, rowCount: rows.count, isWrong: comparison.failingPlace != nil,
      unit: max(contract.outputFormat.unitRoundoff, contract.computingFormat.unitRoundoff))
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
}

/// Which denominators the outputs of wrong batches go with.
struct DenominatorEvidence: Sendable {
  private var wrongCount = 0
  private var agreements: [String: Int] = [:]

  /// Of fewer it could be chance.
  private static let leastCount = 4

  mutating func observe(
    _ output: Double, _ exact: ReducedExact, rowCount: Int, isWrong: Bool, unit: Double
  ) {
    guard isWrong, exact.sum.isFinite, rowCount > 1 else { return }
    wrongCount += 1
    let sum = exact.sum
    let candidates = [
      ("the sum, divided by nothing", sum), ("the sum over all rows", sum / Double(rowCount)),
      ("the sum over the rows that count, whatever they weigh", sum / Double(exact.countedRows)),
      ("the sum over the weights of the rows that count", sum / exact.countedWeight),
      ("the sum over the weights of all rows", sum / exact.allWeight),
      ("the first row's loss", exact.losses.first ?? .nan),
      ("the greatest loss", exact.losses.max() ?? .nan),
    ]
    for (name, value) in candidates
    where (output - value).magnitude <= 64 * unit * value.magnitude * Double(rowCount).squareRoot()
    {
      agreements[name, default: 0] += 1
    }
  }

  /// What explains nine in ten of the wrong batches, the first of those that do.
  var explanation: String? {
    guard wrongCount >= Self.leastCount else { return nil }
    let enough = agreements.filter { Double($0.value) >= 0.9 * Double(wrongCount) }
    guard let best = enough.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
    return "\(best.key) explains \(best.value) of \(wrongCount) wrong batches"
  }
}
