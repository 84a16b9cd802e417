public import FloatFormats
public import LossFunctions
public import PropertyEngine
internal import SmallFoundation
public import Verification

/// What a run has to say, before it is laid out as Markdown, JUnit XML or HTML.
public struct ReportDocument: Sendable {
  /// The title.
  public var title: String
  /// What was run and how, in pairs of name and value.
  public var facts: [(name: String, value: String)]
  /// What it comes to; nil where there is nothing to pass.
  public var verdict: Verdict?
  /// The same in a few words, with what was claimed.
  public var verdictText: String?
  /// One row for each implementation × function × format × family.
  public var rows: [ReportRow]
  /// The failures, each in a few lines.
  public var findings: [String]
  /// What the errors look like, each in a line.
  public var diagnoses: [String]

  /// A document.
  public init(
    title: String, facts: [(name: String, value: String)], verdict: Verdict?,
    verdictText: String? = nil, rows: [ReportRow],
    findings: [String] = [], diagnoses: [String] = []
  ) {
    self.title = title
    self.facts = facts
    self.verdict = verdict
    self.verdictText = verdictText ?? verdict?.rawValue
    self.rows = rows
    self.findings = findings
    self.diagnoses = diagnoses
  }
}

extension ReportDocument {
  /// The columns that name a row: those that differ between rows, and the family.
  var labels: [ReportColumn] { ReportColumn.labels(of: rows) }
  /// The columns of numbers.
  var numbers: [ReportColumn] { ReportColumn.numbers(of: rows) }

  /// The verdict as a sentence begins.
  var verdictTitle: String? {
    verdictText.map { $0.prefix(1).uppercased() + $0.dropFirst() }
  }
}

/// One row of a report.
public struct ReportRow: Sendable {
  public let implementation: String
  public let function: String
  public let format: String
  public let family: String
  /// The number of cases, and what they are called.
  public let caseCount: Int
  public let caseName: String
  /// The rows of the batches, where these are the cases.
  public let rowCount: Int?
  /// The errors; of no output at all where nothing was compared.
  public let statistics: ErrorTally
  /// How the errors are distributed, and what they are beside what is common; nil where that is not told.
  public let grades: GradeTally?
  /// The number of cases that failed.
  public let failureCount: Int
  /// The ways in which they failed, in a line; nil where none did.
  public let failure: String?
  /// The worst case, in a line; nil where there is no error.
  public let witness: String?
  /// What is to be said of infinite and NaN logits; nil where there were none.
  public let specialValues: String?

  /// A row.
  public init(
    implementation: String, function: String, format: FloatFormat, input: InputKind = .logits,
    outputFormat: FloatFormat? = nil, family: String, caseCount: Int, caseName: String = "cases",
    rowCount: Int? = nil,
    statistics: ErrorTally, grades: GradeTally? = nil, failureCount: Int = 0,
    failure: String? = nil, specialValues: String? = nil, witness: String? = nil
  ) {
    self.implementation = implementation
    self.function = function
    self.format = format.name
    self.family = family
    self.caseCount = caseCount
    self.caseName = caseName
    self.rowCount = rowCount
    self.statistics = statistics
    self.grades = grades
    self.failureCount = failureCount
    self.failure = failure
    self.specialValues = specialValues
    // A row says little of the batch that it is of.
    let worst = rowCount == nil && statistics.maximumULPs > 0 ? statistics.witness : nil
    self.witness =
      witness
      ?? worst?.line(in: format, outputs: outputFormat, of: input, shownLogitCount: 4)
  }

  /// Ways in which cases failed, the most frequent first; nil where none did.
  package static func failure(_ counts: [String: Int]) -> String? {
    let texts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { $0.key + ($0.value > 1 ? " × \($0.value)" : "") }
    return texts.isEmpty ? nil : texts.joined(separator: ", ")
  }

  /// Whether there is an error to show.
  public var hasOutputs: Bool { statistics.outputCount > 0 }

  /// The largest error, the mean, and the share that is not correctly rounded, as text.
  public var maximum: String { hasOutputs ? Self.ulps(statistics.maximumULPs) : "-" }
  public var mean: String { hasOutputs ? Self.ulps(statistics.meanULPs) : "-" }
  public var misrounded: String {
    hasOutputs ? (100 * statistics.misroundedShare).printed("%.1f%%") : "-"
  }

  /// The errors that half and 99 in a hundred outputs do not exceed, and the largest error over what is
  /// common.
  public var median: String { quantile(0.5) }
  public var percentile99: String { quantile(0.99) }
  public var ofCommon: String {
    grades?.greatestShare.map { $0.isFinite ? $0.threeDigits : "inf" } ?? "-"
  }

  private func quantile(_ share: Double) -> String {
    grades?.quantiles.error(notExceededBy: share).map(Self.ulps) ?? "-"
  }

  /// What marks a row that failed.
  public var mark: String { failure == nil ? "" : "✗" }

  /// An error: two decimals while they say something, then three digits.
  public static func ulps(_ value: Double) -> String {
    if value.isNaN { return "-" }
    if value.isInfinite { return "inf" }
    if value < 1000 { return value.printed("%.2f") }
    return value.printed(value < 1e6 ? "%.0f" : "%.2e")
  }
}

/// A column, as text.
public struct ReportColumn: Sendable {
  public let title: String
  public let value: @Sendable (ReportRow) -> String

  private init(_ title: String, _ value: @escaping @Sendable (ReportRow) -> String) {
    self.title = title
    self.value = value
  }

  private static let ofCommon = [
    ReportColumn("median") { $0.median }, ReportColumn("99 %") { $0.percentile99 },
    ReportColumn("max ulp") { $0.maximum }, ReportColumn("of common") { $0.ofCommon },
  ]

  /// The columns that name rows: those that differ between them, and the family.
  public static func labels(of rows: [ReportRow]) -> [ReportColumn] {
    let all = [
      ReportColumn("implementation") { $0.implementation },
      ReportColumn("function") { $0.function }, ReportColumn("format") { $0.format },
      ReportColumn("family") { $0.family },
    ]
    return all.filter { label in
      label.title == "family" || Set(rows.map(label.value)).count > 1
    }
  }

  /// The columns of numbers: with what is common where rows were held against it.
  public static func numbers(of rows: [ReportRow]) -> [ReportColumn] {
    [ReportColumn(rows.first?.caseName ?? "cases") { "\($0.caseCount)" }]
      + (rows.contains { $0.rowCount != nil }
        ? [ReportColumn("rows") { "\($0.rowCount ?? 0)" }] : [])
      + (rows.contains { $0.grades != nil }
        ? ofCommon : [ReportColumn("max ulp") { $0.maximum }, ReportColumn("mean") { $0.mean }])
      + [
        ReportColumn("misrounded") { $0.misrounded },
        ReportColumn("non-finite") { "\($0.statistics.nonFiniteCount)" },
        ReportColumn("failures") { "\($0.failureCount)" },
      ]
  }
}
