internal import Checking
internal import LossOracle

/// What came of a trial of a linear layer fused with its loss.
struct LinearTrialResult: Sendable {
  let contract: LinearContract
  /// The command, the library or the file that was checked.
  let subjectName: String
  /// The seed of the layers; nil where they are those of a file.
  let seed: UInt64?
  /// What a family has shown of a quantity.
  var stages: [Stage] = []
  /// Why nothing was said, and how often.
  var leftOut: [String: Int] = [:]
  /// What else was not tried.
  var notes: [String] = []
  /// What went wrong, was not repeated by a new process and does not count, and how often.
  var lapses: [String: Int] = [:]
  /// One of each quantity, shrunk.
  var findings: [LinearFinding] = []
  var diagnoses: [LinearDiagnosis] = []
  /// Whether all layers were asked about.
  var isComplete = true

  init(_ contract: LinearContract, subjectName: String, seed: UInt64?) {
    self.contract = contract
    self.subjectName = subjectName
    self.seed = seed
  }

  /// What a family has shown of a quantity.
  struct Stage: Sendable {
    let family: String
    let quantity: LinearQuantity
    var layerCount = 0
    /// The errors of the outputs that were compared, and what they are of what is common.
    var statistics = ErrorTally()
    var grades = GradeTally()
    /// The number of outputs whose exact value no theorem settles.
    var undecidedCount = 0
    /// The outputs that are too far off, and the layers that got no answer.
    var failureCount = 0
    /// The kinds of failures, and how many layers have each.
    var failures: [String: Int] = [:]
    /// The output that is furthest off, and the shape of its tensor.
    var worst: (check: LinearCheck, shape: [Int])?
    /// What the first layer without an answer got instead.
    var message: String?
    /// The least grade of its layers; nil where nothing was compared.
    var grade: Grade?
  }

  /// What it comes to.
  var verdict: Verdict {
    if !findings.isEmpty { return .fellShort }
    guard isComplete else { return .incomplete }
    return stages.contains { $0.statistics.outputCount > 0 } ? .passed : .inconclusive
  }
}

extension LinearTrialResult {
  /// Takes outputs that were computed elsewhere, of one layer.
  mutating func add(_ check: LinearCheck, of input: LinearInput) {
    var stage = Stage(family: "fixtures", quantity: check.quantity)
    let shape = check.quantity.shape(input, contract.reduction)
    stage.observe(check, shape)
    stages.append(stage)
    guard let failure = check.failure(shape) else {
      // All of a quantity may be undecided: then what is there is not all that was to be judged.
      if check.verdict == .incomplete { isComplete = false }
      return
    }
    findings.append(
      LinearFinding(
        family: stage.family, quantity: check.quantity, input: input, check: check,
        failure: failure, reproduction: .unconfirmed, options: contract.options))
  }
}

/// A layer at which a quantity is not what it should be.
struct LinearFinding: Sendable {
  let family: String
  let quantity: LinearQuantity
  /// The layer, as small as it was found to fail.
  let input: LinearInput
  /// What was computed of it; nil where there was no answer.
  let check: LinearCheck?
  let failure: Failure
  /// Whether a new process has shown the same.
  let reproduction: Reproduction
  /// The options of the question.
  let options: LossOptions

  /// What is to be said of one that a new process has not shown; nil where it has.
  var doubt: String? {
    switch reproduction {
    case .notDeterministic:
      "not deterministic: a new process, asked of the same layer, gives another answer"
    case .notReproducible: "a new process, asked of the same layer, gives the right answer"
    default: nil
    }
  }
}

extension LinearTrialResult.Stage {
  /// Takes what was computed of a layer.
  mutating func observe(_ check: LinearCheck, _ shape: [Int]) {
    layerCount += 1
    undecidedCount += check.undecidedCount
    failureCount += check.failureCount
    if let failure = check.failure(shape) { failures[failure.kind.rawValue, default: 0] += 1 }
    let before = statistics.maximumULPs
    statistics.merge(check.statistics)
    grades.merge(check.grades)
    if statistics.maximumULPs > before || worst == nil { worst = (check, shape) }
    grade = [grade, check.grade].compactMap(\.self).max { $0.isNearer(than: $1) }
  }

  /// Takes a layer that got no answer.
  mutating func observe(_ failure: Failure) {
    layerCount += 1
    failureCount += 1
    failures[failure.kind.rawValue, default: 0] += 1
    message = message ?? failure.message
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
  var grade: Grade? {
    if findings.contains(where: { $0.check == nil }) { return .fallsShort }
    return stages.compactMap(\.grade).max { $0.isNearer(than: $1) }
  }
}
