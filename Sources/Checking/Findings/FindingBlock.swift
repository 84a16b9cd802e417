public import FloatFormats
internal import LossFunctions
public import PropertyEngine

/// Findings that one explanation covers: a known mistake, or else the way in which they fail.
public struct FindingBlock: Sendable {
  /// The mistake that gives what they show; nil where none is known to.
  public let diagnosis: Diagnosis?
  /// The format that each step seems to have been rounded to, narrower than float32; nil where it is not.
  public let narrowFormat: FloatFormat?
  /// The simplest of them.
  public private(set) var finding: Finding
  /// The number of them.
  public private(set) var count = 1
  /// The families that met them, the first one first.
  public private(set) var families: [String]

  /// Whether the function is asked without options, as `loss-oracle explain` has it.
  private let hasNoOptions: Bool
  /// Whether any output of the check is a number.
  private let hasFiniteOutput: Bool

  fileprivate init(_ finding: Finding, _ diagnosis: Diagnosis?, of result: CheckResult) {
    hasNoOptions = result.contract.optionText == "{}"
    hasFiniteOutput = result.report.hasFiniteOutput
    narrowFormat = result.narrowFormat
    self.diagnosis = diagnosis
    self.finding = finding
    families = [finding.stage] + finding.laterStages
  }

  fileprivate mutating func add(_ other: Finding) {
    count += 1
    families += ([other.stage] + other.laterStages).filter { !families.contains($0) }
    if other.size < finding.size { finding = other }
  }

  fileprivate func covers(_ other: Finding, _ diagnosis: Diagnosis?) -> Bool {
    if self.diagnosis != nil || diagnosis != nil {
      return self.diagnosis?.mistake.name == diagnosis?.mistake.name
    }
    return finding.failure.kind == other.failure.kind && finding.reproduction == other.reproduction
  }
}

extension CheckResult {
  /// The findings, those of one cause together, in the order in which they were found.
  public var blocks: [FindingBlock] {
    var blocks: [FindingBlock] = []
    for finding in report.findings {
      let diagnosis = diagnoses.first { $0.explains(finding) } ?? prevailing(finding)
      if let place = blocks.firstIndex(where: { $0.covers(finding, diagnosis) }) {
        blocks[place].add(finding)
      } else {
        blocks.append(
          FindingBlock(finding, diagnosis, of: self))
      }
    }
    return blocks
  }

  /// The mistake that explains nearly all that is wrong, where a finding is of its kind: its model is in
  /// double arithmetic, and what rounding makes of it at the edges is no other mistake.
  private func prevailing(_ finding: Finding) -> Diagnosis? {
    guard finding.reproduction == .alone, Failure.Kind.errors.contains(finding.failure.kind)
    else { return nil }
    return diagnoses.first { $0.share >= Self.prevailingShare }
  }

  private static let prevailingShare = 0.95

  /// The format of the outputs, where each row that is not common is as near as the form brings it that rounds
  /// each step to it.
  fileprivate var narrowFormat: FloatFormat? {
    let share = report.grades.greatestNarrowShare
    return share.map { $0 <= 1 } == true ? contract.outputFormat : nil
  }
}

extension Finding {
  /// Rows, classes, and the digits of the logits: what is read first is the least.
  fileprivate var size: (Int, Int, Int) {
    let digits = shrunk.logits.reduce(0) { $0 + rows.format.shortestDecimal($1).utf8.count }
    return (rows.count, shrunk.logits.count, digits)
  }
}

extension Finding {
  /// The command that shows each step of the row's loss; nil where it has no such target, or is long.
  fileprivate var explanation: String? {
    func text(_ value: FloatValue) -> String { rows.format.shortestDecimal(value) }
    guard shrunk.logits.count <= 10, shrunk.logits.allSatisfy(\.isFinite) else { return nil }
    let command = "loss-oracle explain --logit"
    let logits = shrunk.logits.map(text).joined(separator: ",")
    switch shrunk.target {
    case .index(let label):
      return "\(command)s \(logits) --target \(label) --format \(rows.format)"
    case .probabilities(let values) where shrunk.logits.count == 1 && values.count == 1:
      return "\(command) \(logits) --target \(text(values[0])) --format \(rows.format)"
    default: return nil
    }
  }
}

extension FindingBlock {
  /// What it looks like, and what to do, in a line each.
  public var advice: (cause: String, remedy: String) {
    if let diagnosis {
      let detail = diagnosis.detail.map { " (\($0))" } ?? ""
      return ("\(diagnosis.mistake.name)\(detail): \(diagnosis.mistake.summary)", replayRemedy)
    }
    if finding.reproduction != .alone { return finding.reproduction.advice }
    if let narrowFormat, [.inaccurate, .wrongSign].contains(finding.failure.kind) {
      return (
        "steps on the way are rounded to \(narrowFormat): the errors are no larger than that has them",
        "compute in float32 and round once; --claim ulp:N says how far that may be off"
      )
    }
    guard let advice = finding.failure.kind.advice else {
      return ("no known mistake gives these numbers", replayRemedy)
    }
    if finding.failure.kind == .nonFinite, !hasFiniteOutput { return Self.adviceOnNoNumber }
    guard hasNoOptions, [.impossible, .inaccurate, .wrongSign].contains(finding.failure.kind),
      let command = finding.explanation
    else { return advice }
    return (advice.cause, "\(advice.remedy): \(command)")
  }

  private static let adviceOnNoNumber = (
    cause:
      "no output is a number, of any row: it is not written, or the input is taken for another",
    remedy: "look at the order and the types of what is read and written, or say it by --signature"
  )

  private var replayRemedy: String {
    "mend it, and judge this row again with the line \"replay\"; --save-witness FILE keeps it"
  }
}

extension Reproduction {
  fileprivate var advice: (cause: String, remedy: String) {
    switch self {
    case .alone, .besideOthers:
      (
        "the row is right by itself: rows are mixed up",
        "look for an index, a stride or a label that is taken from another row"
      )
    case .position:
      (
        "the row is right at another place of its batch",
        "look at the offsets of rows, and at what is done at the end of a block"
      )
    case .batchSize:
      (
        "the row is right in smaller batches",
        "look at how rows are shared out to threads or blocks, and at the last of these"
      )
    case .notDeterministic:
      (
        "the same rows, asked again, get other answers",
        "look for memory that is read before it is written, and for sums in a random order"
      )
    case .notReproducible, .unconfirmed:
      (
        "it was seen once, and not again",
        "run the check again; --seed tries other rows, --budget gives more time"
      )
    }
  }
}

extension Failure.Kind {
  fileprivate var advice: (cause: String, remedy: String)? {
    switch self {
    case .flushed:
      (
        "values below the least normal number come out as 0",
        "--subnormals flush allows it where the hardware does so; -ffast-math may have set it"
      )
    case .nonFinite:
      (
        "something overflows on the way, or ∞ − ∞ or 0·∞ is computed",
        "take the maximum off before the exponential, and leave masked terms out of sums"
      )
    case .impossible:
      ("no rounding makes such an output: the formula is another one", "go through it step by step")
    case .inaccurate, .wrongSign:
      ("no known mistake gives these numbers", "go through it step by step")
    case .specialValue:
      (
        "infinite or NaN logits give another value than the limit",
        "without --special-values strict it does not count: frameworks differ there"
      )
    case .outputCount:
      (
        "each row has one output, or one for each class",
        "look at the shape of what is returned"
      )
    case .crash:
      ("the program ended or reported an error", "run it on this row under a debugger")
    case .hang:
      ("no answer came in time", "--timeout SECONDS allows more for a request")
    case .garbage:
      (
        "what came back is no reply",
        "write nothing but replies to stdout: notes go to stderr"
      )
    default: nil
    }
  }
}
