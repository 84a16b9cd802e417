internal import FloatFormats
public import LossFunctions
public import PropertyEngine

/// What a check found, as the command and reports tell of it.
public protocol ReportedCheck: Sendable {
  associatedtype Report: Encodable & Sendable
  /// A failure as it is kept in a file.
  associatedtype Kept

  /// What was checked: `softmax in float32`.
  var title: String { get }
  /// What the implementation is called, and the seed of the cases, where these are drawn.
  var subjectName: String { get }
  var seed: UInt64? { get }
  /// What was judged of the rows, and the same in words where it is not each by itself: `mean of batches`.
  var reduction: Reduction { get }
  var reductionText: String? { get }
  /// How near outputs had to be.
  var claim: Grade { get }
  /// What the implementation had to do, each with its name.
  var contractFacts: [(name: String, value: String)] { get }
  /// What it comes to, and whether all that was planned has been judged.
  var verdict: Verdict { get }
  var isComplete: Bool { get }
  /// The rows of the table, one for each family.
  var rows: [ReportRow] { get }
  /// What was left out, a line each.
  var leftOutTexts: [String] { get }
  /// What the outputs reached, and what keeps them from more, each with its name.
  var gradeFacts: [(name: String, value: String)] { get }
  /// What the errors look like, a line each.
  var diagnosisTexts: [String] { get }
  /// All of it as JSON has it.
  var data: Report { get }

  /// The failures in words, each with how to have it again.
  func findingTexts(replay: (Kept) -> String) -> [String]
}

/// A check of rows or of batches.
public protocol CaseCheck: ReportedCheck where Kept == WitnessRecord {
  /// What the implementation had to do.
  var contract: CheckContract { get }
  /// The failures, as they are kept in a file.
  var witnesses: [WitnessRecord] { get }
  /// Whether each of the cases that failed before failed again, by its place.
  var known: [Int: Bool] { get }
}

extension CaseCheck {
  public var title: String { "\(contract.function) in \(contract.format)" }
  public var reduction: Reduction { contract.reduction }
  public var claim: Grade { contract.claim }

  public var reductionText: String? {
    guard contract.reduction != .none else { return nil }
    let denominator = contract.options.denominator.map { " over \($0.rawValue)" } ?? ""
    return "\(contract.reduction.rawValue)\(denominator) of batches"
  }

  public var contractFacts: [(name: String, value: String)] {
    var facts: [(name: String, value: String)] = [
      ("function", contract.function.rawValue), ("format", contract.format.name),
    ]
    if contract.outputFormat != contract.format {
      facts.append(("output format", contract.outputFormat.name))
    }
    if let reductionText { facts.append(("reduction", reductionText)) }
    if contract.isJoint { facts.append(("outputs", "loss and gradient of one call")) }
    if contract.optionText != "{}" { facts.append(("options", contract.optionText)) }
    if let inner = contract.layout.inner {
      let shape = contract.hasClassesFirst ? "[classes, \(inner)]" : "[outer, classes, \(inner)]"
      facts.append(("logits", shape))
    }
    facts.append(("claim", contract.claim.rawValue))
    if let subnormals = contract.subnormals { facts.append(("subnormals", subnormals.rawValue)) }
    return facts
  }
}

extension ReportedCheck {
  /// What it comes to, in a few words: `passed as common`.
  public var verdictText: String {
    switch verdict {
    case .passed: "passed as \(claim)"
    case .fellShort: "fell short of \(claim)"
    case .incomplete, .inconclusive: verdict.rawValue
    }
  }

  /// The result as a document.
  public func document(again: String, replay: (Kept) -> String) -> ReportDocument {
    var facts = [(name: "subject", value: subjectName)] + contractFacts + gradeFacts
    if let seed { facts.append(("seed", "\(seed)")) }
    facts.append(("again", again))
    facts += leftOutTexts.map { (name: "left out", value: $0) }
    let what = reduction == .none ? "" : ", \(reduction.rawValue)"
    return ReportDocument(
      title: "\(title)\(what): \(subjectName)", facts: facts, verdict: verdict,
      verdictText: verdictText, rows: rows, findings: findingTexts(replay: replay),
      diagnoses: diagnosisTexts)
  }
}
