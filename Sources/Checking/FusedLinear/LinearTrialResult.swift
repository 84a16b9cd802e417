internal import FloatFormats
public import Interchange
public import LossFunctions
public import PropertyEngine

/// What came of a trial of a linear layer fused with its loss.
public struct LinearTrialResult: Sendable {
  public let contract: LinearContract
  /// What a family has shown of a quantity.
  public internal(set) var stages: [Stage] = []
  /// Why nothing was said, and how often.
  public internal(set) var leftOut: [String: Int] = [:]
  /// What went wrong, was not repeated by a new process and does not count, and how often.
  public internal(set) var lapses: [String: Int] = [:]
  /// One of each quantity, shrunk.
  public internal(set) var findings: [LinearFinding] = []
  public internal(set) var diagnoses: [LinearDiagnosis] = []
  /// Whether all layers were asked about.
  public internal(set) var isComplete = true

  /// What a family has shown of a quantity.
  public struct Stage: Sendable {
    public let family: String
    public let quantity: LinearQuantity
    public var layerCount = 0
    public var outputCount = 0
    public var undecidedCount = 0
    public var misroundedCount = 0
    public var nonFiniteCount = 0
    /// The outputs that are too far off, and the layers that got no answer.
    public var failureCount = 0
    public var maximumULPs = 0.0
    public var greatestShare = 0.0
    /// The output that is furthest off, and the shape of its tensor.
    public var worst: (check: LinearCheck, shape: [Int])?
    /// The least grade of its layers; nil where nothing was compared.
    public var grade: Grade?
  }

  /// What it comes to.
  public var verdict: Verdict {
    if !findings.isEmpty { return .fellShort }
    guard isComplete else { return .incomplete }
    let compared = stages.contains { $0.outputCount > $0.undecidedCount }
    return compared ? .passed : .inconclusive
  }
}

extension LinearTrialResult {
  /// What came of outputs that were computed elsewhere, of one layer.
  public init(
    _ checks: [LinearCheck], of input: LinearInput, _ contract: LinearContract,
    diagnoses: [LinearDiagnosis]
  ) {
    self.contract = contract
    self.diagnoses = diagnoses
    for check in checks {
      var stage = Stage(family: "fixtures", quantity: check.quantity)
      stage.observe(check, shape: check.quantity.shape(input, contract.reduction))
      stages.append(stage)
      guard let failure = check.failure(check.quantity.shape(input, contract.reduction)) else {
        // All of a quantity may be undecided: then what is there is not all that was to be judged.
        if check.verdict == .incomplete { isComplete = false }
        continue
      }
      findings.append(
        LinearFinding(
          family: stage.family, quantity: check.quantity, input: input, check: check,
          failure: failure, reproduction: .unconfirmed, options: contract.options))
    }
  }
}

/// A layer at which a quantity is not what it should be.
public struct LinearFinding: Sendable {
  public let family: String
  public let quantity: LinearQuantity
  /// The layer, as small as it was found to fail.
  public let input: LinearInput
  /// What was computed of it; nil where there was no answer.
  public let check: LinearCheck?
  public let failure: Failure
  /// Whether a new process has shown the same.
  public let reproduction: Reproduction
  /// The options of the question.
  public let options: LossOptions

  /// What is to be said of one that a new process has not shown; nil where it has.
  public var doubt: String? {
    switch reproduction {
    case .notDeterministic:
      "not deterministic: a new process, asked of the same layer, gives another answer"
    case .notReproducible: "a new process, asked of the same layer, gives the right answer"
    default: nil
    }
  }
}

extension LinearTrialResult.Stage {
  mutating func observe(_ check: LinearCheck, shape: [Int]) {
    layerCount += 1
    outputCount += check.outputCount
    undecidedCount += check.undecidedCount
    misroundedCount += check.misroundedCount
    nonFiniteCount += check.nonFiniteCount
    failureCount += check.failureCount
    if check.maximumULPs > maximumULPs || worst == nil { worst = (check, shape) }
    maximumULPs = max(maximumULPs, check.maximumULPs)
    greatestShare = max(greatestShare, check.greatestShare ?? 0)
    grade = [grade, check.grade].compactMap(\.self).max { $0.isNearer(than: $1) }
  }
}

extension Grade {
  /// Whether it says more than another. The claims of a layer are of these kinds alone.
  fileprivate func isNearer(than other: Grade) -> Bool {
    func rank(_ grade: Grade) -> Double {
      switch grade {
      case .correctlyRounded: 0
      case .faithful: 1
      case .ulps(let count): min(1 + count, 1e300)
      case .roundedFrom, .common: 1e301
      case .fallsShort: .infinity
      }
    }
    return rank(self) < rank(other)
  }
}

extension LinearTrialResult {
  /// The best grade that all layers reach; nil where nothing was compared.
  public var grade: Grade? {
    if findings.contains(where: { $0.check == nil }) { return .fallsShort }
    return stages.compactMap(\.grade).max { $0.isNearer(than: $1) }
  }
}
