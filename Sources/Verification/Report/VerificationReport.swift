internal import Cases
public import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision

/// A verification as data: what `report.json` holds.
///
/// Encoding it with sorted keys gives the same bytes for the same plan. It holds no date, no machine
/// and no duration for that reason.
public struct VerificationReport: Codable, Hashable, Sendable {
  /// The version of this structure.
  public var schema = 1
  /// The seed.
  public let seed: UInt64
  /// The number of classes of random categorical cases.
  public let classCount: Int
  /// The version of MPFR.
  public let mpfr: String
  /// One entry for each implementation × function × format × family.
  public let rows: [Row]

  /// One row of the table.
  public struct Row: Codable, Hashable, Sendable {
    public let implementation: String
    public let function: String
    public let format: String
    public let family: String
    public let formula: String
    public let cases: Int
    public let outputs: Int
    /// The largest error in ulps; nil where an output is not finite.
    public let maximumULPs: Double?
    /// The largest finite error in ulps; nil where there is none.
    public let maximumFiniteULPs: Double?
    /// The mean of the finite errors; nil where there is none.
    public let meanULPs: Double?
    /// The largest ratio of an error and its a-priori bound; nil where nothing is bounded.
    public let largestShareOfBound: Double?
    /// The outputs beyond their bound, and those that have none.
    public let beyondBound: Int
    public let withoutBound: Int
    public let misroundedShare: Double
    public let nonFinite: Int
    public let wrongSigns: Int
    /// The cases of the largest finite error and of the first output that is not finite.
    public let witnesses: [Case]
  }

  /// A witness, its numbers as hexadecimal floats and as decimals.
  public struct Case: Codable, Hashable, Sendable {
    public let index: Int
    public let logitCount: Int
    /// Nothing for rows of more than 1,024: their family makes them again from the seed and the index,
    /// and a report of all of them would have a hundred megabytes.
    public let logits: [String]
    public let logitDecimals: [String]
    /// The class index, where the target is one.
    public let label: Int?
    /// The probabilities, where the target is a list of them.
    public let probabilities: [String]?
    /// The logits of the target, where it is given so.
    public let targetLogits: [String]?
    /// What a gradient is multiplied by, where the function takes it.
    public let gradOutput: [String]?
    public let output: Int
    public let computed: String
    public let computedDecimal: String
    public let exact: String
    public let exactDecimal: String
    /// The error in ulps; nil where the output is not finite.
    public let ulps: Double?
  }

  /// The report of a plan's rows.
  public init(_ plan: VerificationPlan, rows: [VerificationRow]) {
    seed = plan.seed
    classCount = plan.classCount
    mpfr = MPFRLibrary.version
    self.rows = rows.map(Row.init)
  }
}

extension VerificationReport.Row {
  fileprivate init(_ row: VerificationRow) {
    let statistics = row.statistics
    let format = row.cell.shape.format
    self.init(
      implementation: row.implementation.name, function: row.cell.shape.function.rawValue,
      format: format.name, family: row.cell.family.name, formula: row.implementation.formula,
      cases: statistics.caseCount, outputs: statistics.outputCount,
      maximumULPs: statistics.maximumULPs.finite, maximumFiniteULPs: statistics.worst?.ulps,
      meanULPs: statistics.meanULPs.finite,
      largestShareOfBound: statistics.bounds.largestRatio,
      beyondBound: statistics.bounds.exceededCount, withoutBound: statistics.bounds.unboundedCount,
      misroundedShare: statistics.misroundedShare,
      nonFinite: statistics.nonFiniteCount, wrongSigns: statistics.wrongSignCount,
      witnesses: [statistics.worst, statistics.firstNonFinite].compactMap { witness in
        witness.map { .init($0, in: format) }
      })
  }
}

extension VerificationReport.Case {
  /// A witness, with inputs of one format and outputs of another.
  public init(_ witness: Witness, in format: FloatFormat, outputs outputFormat: FloatFormat? = nil)
  {
    let outputFormat = outputFormat ?? format
    var label: Int?
    var probabilities: [String]?
    var targetLogits: [String]?
    switch witness.input.target {
    case .none: break
    case .index(let index): label = index
    case .probabilities(let values): probabilities = values.map(\.hexadecimal)
    case .logits(let values): targetLogits = values.count <= 1024 ? values.map(\.hexadecimal) : nil
    }
    let logitCount = witness.input.logits.count
    let logits = logitCount <= 1024 ? witness.input.logits : []
    self.init(
      index: witness.index, logitCount: logitCount, logits: logits.map(\.hexadecimal),
      logitDecimals: logits.map(format.shortestDecimal), label: label,
      probabilities: probabilities, targetLogits: targetLogits,
      gradOutput: witness.input.gradOutput.isEmpty || logitCount > 1024
        ? nil : witness.input.gradOutput.map(\.hexadecimal),
      output: witness.outputIndex,
      computed: witness.computed.hexadecimal,
      computedDecimal: outputFormat.shortestDecimal(witness.computed),
      exact: witness.exact.hexadecimal, exactDecimal: outputFormat.shortestDecimal(witness.exact),
      ulps: witness.ulps.finite)
  }
}

extension Double {
  /// The number where it is finite, for JSON has no other.
  package var finite: Double? { isFinite ? self : nil }
}
