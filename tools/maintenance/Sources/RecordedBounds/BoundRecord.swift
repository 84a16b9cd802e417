internal import Cases
internal import FloatFormats
public import LossFunctions
internal import Losses
public import Verification

/// What was observed of one implementation on one family in one format: a line of a file of bounds.
public struct BoundRecord: Codable, Hashable, Sendable {
  /// Which implementation, function, format and family.
  public var key: Key
  /// The number of random cases.
  public var cases: Int
  /// The largest finite error in ulps, of the random cases and of a search among the family's cases;
  /// nil where no output was finite.
  public var maximumULPs: Double?
  /// The mean error of the random cases in ulps; nil where no output was finite.
  public var meanULPs: Double?
  /// The share of outputs that were not the correctly rounded value.
  public var misroundedShare: Double
  /// The number of outputs that were infinite or NaN where they should be finite.
  public var nonFinite: Int
  /// The number of outputs of the opposite sign.
  public var wrongSign: Int
  /// The case of the largest finite error.
  public var worst: Case?
  /// The first case of an output that is infinite or NaN and should not be.
  public var firstNonFinite: Case?

  /// What an entry is about.
  public struct Key: Codable, Hashable, Sendable {
    public var implementation: String
    public var function: String
    public var format: String
    public var family: String

    /// What entries are sorted by.
    public var sortingKey: String { "\(function) \(implementation) \(format) \(family)" }

    /// The key of a row of a verification.
    public init(_ row: VerificationRow) {
      implementation = row.implementation.name
      function = row.cell.shape.function.rawValue
      format = row.cell.shape.format.name
      family = row.cell.family.name
    }
  }

  /// A case, bit for bit.
  public struct Case: Codable, Hashable, Sendable {
    /// The logits; nil where they are too many to write down, and the index has to do.
    public var logits: [String]?
    public var label: Int?
    public var probabilities: [String]?
    /// The logits of the target, where it is given so.
    public var targetLogits: [String]?
    /// The numbers of `grad_output`, where the function takes it.
    public var gradOutput: [String]?
    /// The case's place in its family; nil where the search made it.
    public var index: Int?
    public var output: Int
    public var computed: String
    public var exact: String
    /// The error in ulps; nil where the output is not finite.
    public var ulps: Double?
  }
}

extension BoundRecord {
  /// The error that fresh cases may have; nil where nothing is promised.
  ///
  /// An eighth more than the largest that was found, for the search does not find the very worst.
  /// Beyond 1,000 ulp an error is the loss of the result rather than of its last digits, and depends
  /// on how near a case comes to a pole: no bound is drawn from samples then.
  public var boundULPs: Double? {
    guard let maximumULPs, maximumULPs <= 1000 else { return nil }
    return maximumULPs * 1.125
  }

  /// The record of a row, its largest error that of `worst`.
  init(_ row: VerificationRow, worst: Witness?) {
    let statistics = row.statistics
    self.init(
      key: Key(row), cases: statistics.caseCount, maximumULPs: worst?.ulps,
      meanULPs: statistics.meanULPs.isNaN ? nil : statistics.meanULPs,
      misroundedShare: statistics.misroundedShare, nonFinite: statistics.nonFiniteCount,
      wrongSign: statistics.wrongSignCount, worst: worst.map(Case.init),
      firstNonFinite: statistics.firstNonFinite.map(Case.init))
  }
}

extension BoundRecord.Case {
  private static let greatestWrittenCount = 64

  fileprivate init(_ witness: Witness) {
    let input = witness.input
    let isWritten = input.logits.count <= Self.greatestWrittenCount
    self.init(
      output: witness.outputIndex, computed: witness.computed.hexadecimal,
      exact: witness.exact.hexadecimal, ulps: witness.ulps.isFinite ? witness.ulps : nil)
    index = witness.index >= 0 ? witness.index : nil
    guard isWritten else { return }
    logits = input.logits.map(\.hexadecimal)
    switch input.target {
    case .none: break
    case .index(let label): self.label = label
    case .probabilities(let values): probabilities = values.map(\.hexadecimal)
    case .logits(let values): targetLogits = values.map(\.hexadecimal)
    }
    if !input.gradOutput.isEmpty { gradOutput = input.gradOutput.map(\.hexadecimal) }
  }

  /// The row; nil where it was not written down, or is not legible.
  public var input: LossInput? {
    guard let logits = Self.values(logits) else { return nil }
    let target: Target
    if let label {
      target = .index(label)
    } else if probabilities != nil {
      guard let values = Self.values(probabilities) else { return nil }
      target = .probabilities(values)
    } else if targetLogits != nil {
      guard let values = Self.values(targetLogits) else { return nil }
      target = .logits(values)
    } else {
      target = .none
    }
    guard let numbers = Self.values(gradOutput ?? []) else { return nil }
    return LossInput(logits: logits, target: target, gradOutput: numbers)
  }

  /// The numbers of texts; nil where there are none, or one is not legible.
  private static func values(_ texts: [String]?) -> [FloatValue]? {
    let values = texts?.compactMap { text in
      text == "-inf" ? .infinity(isNegative: true) : FloatValue(hexadecimal: text)
    }
    return values?.count == texts?.count ? values : nil
  }
}
