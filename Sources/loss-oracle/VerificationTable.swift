internal import Checking
internal import Foundation
internal import LossOracle

/// The table that `verify` prints.
struct VerificationTable {
  let rows: [VerificationRow]
  /// Whether each family stands by itself; else the worst of them.
  let isByFamily: Bool
  let style: Style

  /// The whole text: a line on how it was made, the table, and what the columns mean.
  func text(seed: UInt64, mpfr: String) -> String {
    var table = TextTable([
      ("function", .left), ("format", .left), ("family", .left), ("implementation", .left),
      ("cases", .right), ("max ulp", .right), ("of bound", .right), ("mean", .right),
      ("misrounded", .right),
      ("non-finite", .right), ("witness", .left),
    ])
    for row in isByFamily ? rows : worstOfFamilies { table.append(cells(row)) }
    let lines = table.lines(titleStyle: style.heading)
    let heading = "seed \(seed), MPFR \(mpfr); errors in ulps of the format at the exact value"
    let undecidedCount = rows.reduce(0) { $0 + $1.statistics.undecidedCount }
    let footer =
      undecidedCount == 0
      ? [] : [style.faint("\(undecidedCount) cases with options left out, undecided by the oracle")]
    return ([style.faint(heading)] + lines + footer).joined(separator: "\n") + "\n"
  }

  /// The worst family of each form in each format.
  private var worstOfFamilies: [VerificationRow] {
    struct Key: Hashable {
      let function: LossFunction
      let format: FloatFormat
      let implementation: String
    }
    var positions: [Key: Int] = [:]
    var worst: [VerificationRow] = []
    for row in rows {
      let shape = row.cell.shape
      let key = Key(
        function: shape.function, format: shape.format, implementation: row.implementation.name)
      guard let position = positions[key] else {
        positions[key] = worst.count
        worst.append(row)
        continue
      }
      if worst[position].statistics.maximumULPs < row.statistics.maximumULPs {
        worst[position] = row
      }
    }
    return worst
  }

  private func cells(_ row: VerificationRow) -> [TextTable.Cell] {
    let statistics = row.statistics
    let format = row.cell.shape.format
    let isBad = statistics.nonFiniteCount > 0
    let witness =
      statistics.maximumULPs > 0
      ? statistics.witness?.line(
        in: format, of: row.cell.shape.input) : nil
    return [
      .init(text: row.cell.shape.function.rawValue),
      .init(text: format.name),
      .init(text: row.cell.family.name),
      .init(text: row.implementation.name),
      .init(text: "\(statistics.caseCount)"),
      .init(text: ReportRow.ulps(statistics.maximumULPs), style: isBad ? style.bad : { $0 }),
      .init(
        text: statistics.bounds.largestRatio.map { String(format: "%.2f", $0) } ?? "-",
        style: statistics.bounds.exceededCount > 0 ? style.bad : { $0 }),
      .init(text: ReportRow.ulps(statistics.meanULPs)),
      .init(text: String(format: "%.1f%%", 100 * statistics.misroundedShare)),
      .init(text: "\(statistics.nonFiniteCount)", style: isBad ? style.bad : { $0 }),
      .init(text: witness ?? "", style: style.faint),
    ]
  }
}
