internal import Checking
internal import LossOracle

/// A check of a linear layer fused with its loss, as `--report json` prints it.
///
/// It holds no date, no machine and no duration: the same answers make the same bytes.
struct LinearReport: Encodable, Sendable {
  /// The version of this structure.
  let schema = 1
  /// The command, the library or the file that was checked.
  let subject: String
  let function: String
  let format: String
  let outputFormat: String
  /// The options, as JSON.
  let options: String
  let reduction: String
  /// How near outputs have to be, and the best grade that all layers reach; nil where nothing was compared.
  let claim: Grade
  let grade: Grade?
  let seed: UInt64?
  /// What it comes to, and whether that is a pass.
  let verdict: Verdict
  let passed: Bool
  /// What was observed, family by family and quantity by quantity.
  let stages: [Stage]
  /// A failure of each quantity, with the simplest layer that shows it.
  let findings: [Finding]
  /// The mistakes that the errors look like.
  let diagnoses: [Diagnosis]
  /// Why questions were left out, and how many.
  let abstentions: [String: Int]
  /// What went wrong, was not repeated by a new process and does not count, and how often.
  let lapses: [String: Int]

  /// One quantity of the layers of a family.
  struct Stage: Encodable, Sendable {
    let family: String
    let quantity: String
    let layers: Int
    let outputs: Int
    /// The outputs whose exact value no theorem settles.
    let undecided: Int
    let misrounded: Int
    let nonFinite: Int
    /// The outputs that are too far off, and the layers that got no answer.
    let failures: Int
    /// Errors in ulps; nil where an output is not finite, or nothing was compared.
    let maximumULPs: Double?
    let meanULPs: Double?
    let medianULPs: Double?
    let percentile99ULPs: Double?
    /// The largest error over what is common; nil where another claim was made.
    let maximumOfCommon: Double?
    let grade: Grade?
    let worst: Output?
  }

  /// An output: its place in its tensor, in hexadecimal and in decimal.
  struct Output: Encodable, Sendable {
    let place: [Int]
    let computed: String
    let computedDecimal: String
    let exact: String
    let exactDecimal: String
  }

  /// A failure.
  struct Finding: Encodable, Sendable {
    let kind: String
    /// Under what conditions it shows.
    let reproduction: Reproduction
    let message: String
    /// What else is known, such as the last line on stderr.
    let note: String?
    let family: String
    let quantity: String
    let options: String
    let layer: Layer
    let worst: Output?
  }

  /// A layer: its shape, and its numbers in hexadecimal where they are few.
  struct Layer: Encodable, Sendable {
    let rows: Int
    let classes: Int
    let width: Int
    let hidden: [[String]]?
    let weight: [[String]]?
    let bias: [String]?
    let target: [Int32]?
    let gradOutput: [String]?
  }

  /// A known mistake.
  struct Diagnosis: Encodable, Sendable {
    let mistake: String
    let summary: String
    let detail: String?
    let quantity: String
    let share: Double
    let wrongOutputs: Int
  }

  /// The report of a result.
  init(_ result: LinearTrialResult) {
    let contract = result.contract
    subject = result.subjectName
    function = linearCrossEntropyName
    (format, outputFormat) = (contract.format.name, contract.outputFormat.name)
    options = contract.options.text
    reduction = contract.reduction.rawValue
    (claim, grade) = (contract.claim, result.grade)
    seed = result.seed
    (verdict, passed) = (result.verdict, result.verdict == .passed)
    stages = result.stages.map { stage in
      let (statistics, quantiles) = (stage.statistics, stage.grades.quantiles)
      let count = statistics.outputCount
      return Stage(
        family: stage.family, quantity: stage.quantity.rawValue, layers: stage.layerCount,
        outputs: count + stage.undecidedCount, undecided: stage.undecidedCount,
        misrounded: statistics.misroundedCount, nonFinite: statistics.nonFiniteCount,
        failures: stage.failureCount,
        maximumULPs: count > 0 ? statistics.maximumULPs.finite : nil,
        meanULPs: statistics.meanULPs.finite,
        medianULPs: quantiles.error(notExceededBy: 0.5)?.finite,
        percentile99ULPs: quantiles.error(notExceededBy: 0.99)?.finite,
        maximumOfCommon: stage.grades.greatestShare?.finite,
        grade: stage.grade, worst: stage.worst.flatMap { Output($0.check, $0.shape) })
    }
    findings = result.findings.map { finding in
      Finding(
        kind: finding.failure.kind.rawValue, reproduction: finding.reproduction,
        message: finding.failure.message, note: finding.failure.note ?? finding.doubt,
        family: finding.family, quantity: finding.quantity.rawValue, options: finding.options.text,
        layer: Layer(finding.input),
        worst: finding.check.flatMap {
          Output($0, finding.quantity.shape(finding.input, contract.reduction))
        })
    }
    diagnoses = result.diagnoses.map {
      Diagnosis(
        mistake: $0.mistake.name, summary: $0.mistake.summary, detail: $0.detail,
        quantity: $0.quantity.rawValue, share: $0.share, wrongOutputs: $0.wrongCount)
    }
    (abstentions, lapses) = (result.leftOut, result.lapses)
  }
}

extension LinearReport.Output {
  fileprivate init?(_ check: LinearCheck, _ shape: [Int]) {
    guard let worst = check.worst else { return nil }
    self.init(
      place: shape.place(worst.place), computed: worst.computed.hexadecimal,
      computedDecimal: check.format.shortestDecimal(worst.computed),
      exact: worst.exact.hexadecimal, exactDecimal: check.format.shortestDecimal(worst.exact))
  }
}

extension LinearReport.Layer {
  /// The numbers that are written out.
  private static let greatestCount = 256

  fileprivate init(_ input: LinearInput) {
    let isSmall = input.hidden.count + input.weight.count <= Self.greatestCount
    func texts(_ numbers: [Float]) -> [String] { numbers.map { FloatValue($0).hexadecimal } }
    func matrix(_ numbers: [Float]) -> [[String]]? {
      guard isSmall else { return nil }
      return stride(from: 0, to: numbers.count, by: input.width).map {
        texts(Array(numbers[$0..<$0 + input.width]))
      }
    }
    self.init(
      rows: input.rowCount, classes: input.classCount, width: input.width,
      hidden: matrix(input.hidden), weight: matrix(input.weight),
      bias: isSmall ? input.bias.map(texts) : nil, target: isSmall ? input.labels : nil,
      gradOutput: isSmall ? input.gradOutput.map(texts) : nil)
  }
}
