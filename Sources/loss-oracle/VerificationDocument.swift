internal import Checking
internal import LossOracle

extension ReportDocument {
  /// A verification of the built-in implementations. That some fail is the result: it has no verdict.
  init(_ plan: VerificationPlan, rows: [VerificationRow]) {
    self.init(
      title: "Built-in implementations against exact values",
      facts: [
        ("seed", "\(plan.seed)"), ("classes", "\(plan.classCount)"),
        ("MPFR", MPFRLibrary.version),
        ("errors", "in ulps of the format at the exact value"),
      ],
      verdict: nil,
      rows: rows.map { row in
        ReportRow(
          implementation: row.implementation.name, function: row.cell.shape.function.rawValue,
          format: row.cell.shape.format, input: row.cell.shape.input,
          family: row.cell.family.name,
          caseCount: row.statistics.caseCount, statistics: row.statistics)
      })
  }
}
