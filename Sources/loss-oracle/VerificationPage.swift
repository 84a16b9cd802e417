internal import Checking
internal import Foundation
internal import LossOracle

/// The answer that `verify` prints: for each function a few forms side by side, the worst of each over all
/// formats and families, and what it means. At most 60 lines of 100 columns.
struct VerificationPage {
  let rows: [VerificationRow]
  let style: Style

  private static let width = 100

  /// The page.
  func text(seed: UInt64, mpfr: String) -> String {
    let rows = Dictionary(grouping: rows, by: \.cell.shape.function)
    let all = LossFunction.allCases.map { Forms(of: $0, rows[$0] ?? []) }.filter {
      !$0.shown.isEmpty
    }
    // What came later has no room beside the ten functions; alone it is shown.
    let main = all.filter { !$0.hasNoRoom }
    let functions = main.isEmpty ? all : main
    let leftOut = main.isEmpty ? [] : all.filter(\.hasNoRoom)
    var lines = [
      style.faint("seed \(seed), MPFR \(mpfr); the worst over all formats and families"), "",
    ]
    lines.append(style.heading(Self.line("function", "max ulp", "inf/NaN", "where")))
    for forms in functions {
      lines.append(style.heading(forms.title))
      lines += forms.shown.map { line($0) }
    }
    return (lines + [""] + meaning(functions, leftOut)).joined(separator: "\n") + "\n"
  }

  private static func line(
    _ name: String, _ worst: String, _ nonFinite: String, _ place: String
  ) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let start = name.padding(toLength: 16, withPad: " ", startingAt: 0)
    return start + padded(worst, 9) + padded(nonFinite, 10) + "  " + place
  }

  private func line(_ form: Form) -> String {
    let format = form.worst.cell.shape.format
    let statistics = form.worst.statistics
    let place = "\(format) \(form.worst.cell.family.name)"
      .padding(toLength: 27, withPad: " ", startingAt: 0)
    let witness =
      statistics.maximumULPs > 0
      ? statistics.witness?.shortLine(
        in: format, of: form.worst.cell.shape.input) : nil
    let text = Self.line(
      "  \(form.name)", form.maximum, "\(form.nonFiniteCount)", "\(place) \(witness ?? "")")
    let shown = text.count > Self.width ? text.prefix(Self.width - 1) + "…" : text[...]
    return form.nonFiniteCount > 0 ? style.bad(String(shown)) : String(shown)
  }

  /// Three lines that say what it means.
  private func meaning(_ functions: [Forms], _ leftOut: [Forms]) -> [String] {
    let otherCount =
      functions.reduce(0) { $0 + $1.otherCount }
      + leftOut.reduce(0) { $0 + $1.shown.count + $1.otherCount }
    let naive = functions.flatMap(\.shown).filter { $0.kind == .naive && $0.nonFiniteCount > 0 }
    let others = functions.flatMap(\.shown).filter { $0.kind != .naive }
    let finite = others.allSatisfy { $0.nonFiniteCount == 0 }
    return [
      "0.5 ulp is a correct rounding; inf, an output that is infinite or NaN where it should not be.",
      naive.isEmpty
        ? "None of these forms goes through a probability that rounds to 0 or 1."
        : "Through a probability \(naive.count) of \(functions.count) functions end in infinity or NaN"
          + (finite ? "; from the logits, none of these." : "."),
      otherCount == 0
        ? "--by family shows each family by itself."
        : "\(otherCount) other forms: --by format shows every one, and --by family each cell by itself.",
    ]
  }
}

/// The forms of a function that stand on the page.
private struct Forms {
  let title: String
  let hasNoRoom: Bool
  let shown: [Form]
  let otherCount: Int

  init(of function: LossFunction, _ rows: [VerificationRow]) {
    let implementations = Implementations.all.filter { implementation in
      implementation.function == function
        && rows.contains { $0.implementation.name == implementation.name }
    }
    let forms = implementations.map { implementation in
      Form(implementation, rows.filter { $0.implementation.name == implementation.name })
    }
    // Where few were asked for, all of them.
    shown = forms.count <= 4 ? forms : forms.filter { $0.kind != .other }
    otherCount = forms.count - shown.count
    title = function.rawValue
    hasNoRoom =
      function.gradOutputKind != .none || function.isOfShards || function.isOfDistributions
  }
}

/// One form, and the worst of its cells.
private struct Form {
  enum Kind { case naive, common, ours, other }

  let name: String
  let kind: Kind
  let worst: VerificationRow
  let nonFiniteCount: Int

  init(_ implementation: any Implementation, _ rows: [VerificationRow]) {
    name = implementation.name
    let function = implementation.function
    kind =
      if name == Implementations.naive(function)?.name {
        .naive
      } else if name == Implementations.common(function)?.name {
        .common
      } else if name == "practical" || name == "faithful" {
        .ours
      } else {
        .other
      }
    nonFiniteCount = rows.reduce(0) { $0 + $1.statistics.nonFiniteCount }
    // Of cells that are as bad, the one that is told in fewest words.
    worst =
      rows.max { first, second in
        let (a, b) = (first.statistics.maximumULPs, second.statistics.maximumULPs)
        return a == b ? first.tellingLength > second.tellingLength : a < b
      } ?? rows[0]
  }

  var maximum: String { ReportRow.ulps(worst.statistics.maximumULPs) }
}

extension VerificationRow {
  fileprivate var tellingLength: Int {
    statistics.witness?.shortLine(in: cell.shape.format, of: cell.shape.input).count ?? .max
  }
}

extension Witness {
  /// The case and its outcome in a few digits, to be read aloud.
  fileprivate func shortLine(in format: FloatFormat, of kind: InputKind) -> String {
    func short(_ value: FloatValue) -> String {
      let exact = format.shortestDecimal(value)
      return exact.count <= 7 ? exact : String(format: "%.4g", value.double)
    }
    let logits = input.logits.prefix(2).map(short).joined(separator: ", ")
    var text: String
    if input.logits.count == 1 {
      text = "\(kind.letters.one)=\(logits)"
      if case .probabilities(let y) = input.target { text += " y=\(y.map(short).joined())" }
    } else {
      text = "\(kind.letters.row)=[\(logits)\(input.logits.count > 2 ? ", …" : "")]"
      if case .index(let label) = input.target { text += " t=\(label)" }
      if case .logits(let y) = input.target {
        text += " y=[\(y.prefix(2).map(short).joined(separator: ", "))\(y.count > 2 ? ", …" : "")]"
      }
    }
    if let number = input.gradOutput.first {
      text += input.gradOutput.count == 1 ? " g=\(short(number))" : " g=[\(short(number)), …]"
    }
    return text + ": \(short(computed)), exact \(short(exact))"
  }
}
