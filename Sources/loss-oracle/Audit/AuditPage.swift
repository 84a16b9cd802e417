internal import Checking
internal import Foundation

/// An audit on one page: a table of the mistakes, and three lines of what it means.
struct AuditPage {
  private let report: AuditReport
  /// The name of the tolerance, where it has one.
  private let tolerance: String?

  init(_ report: AuditReport, tolerance: String?) {
    self.report = report
    self.tolerance = tolerance
  }

  private static let greatestLineCount = 36
  private static let width = 100

  // MARK: - Layouts

  /// The page for a terminal.
  func text(_ style: Style) -> String {
    var table = TextTable(
      Self.titles.enumerated().map { ($1, 1...4 ~= $0 ? .right : .left) })
    for mistake in listed {
      let isBad = mistake.passShare > 0
      table.append(
        cells(mistake).enumerated().map { column, text in
          .init(
            text: column == 5 ? String(text.prefix(30)) : text,
            style: column == 1 && isBad ? style.bad : column == 5 ? style.faint : { $0 })
        })
    }
    var lines = [style.heading(heading)] + Self.wrapped(comparison).map(style.faint) + [""]
    lines += table.lines(titleStyle: style.heading)
    lines += notes.flatMap { Self.wrapped($0).map(style.faint) } + [""]
    lines += meaning.flatMap { Self.wrapped($0) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The page as Markdown.
  var markdown: String {
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var lines = ["# \(heading)", "", comparison, ""]
    lines += [row(Self.titles), row(["---", "--:", "--:", "--:", "--:", "---"])]
    lines += listed.map { row(cells($0)) } + [""]
    lines += notes.flatMap { [$0, ""] } + meaning.map { "- \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: - Contents

  private static let titles = ["mistake", "passes", "rtol", "atol", "ulps", "form"]

  private var heading: String {
    let formats =
      report.format == report.outputFormat
      ? report.format : "\(report.format), outputs in \(report.outputFormat)"
    let options = report.options == "{}" ? "" : ", \(report.options)"
    let reduction = report.reduction == "none" ? "" : ", reduction \(report.reduction)"
    return "\(report.function) in \(formats)\(options)\(reduction): "
      + "\(Self.count(report.rows, "row")) of \(Self.count(report.classes, "class")), \(report.inputs)"
  }

  private var comparison: String {
    let name = tolerance.map { " (\($0))" } ?? ""
    return "\(Self.count(report.runs, "run")), seed \(report.seed); a run passes where "
      + "\(report.closeness)\(name) for all a; e: \(report.expected)"
  }

  private var listed: ArraySlice<AuditReport.KnownMistake> {
    report.shown.prefix(max(Self.greatestLineCount, report.passing.count))
  }

  private func cells(_ mistake: AuditReport.KnownMistake) -> [String] {
    [
      mistake.name, percent(mistake.worst.passedRuns, mistake.worst.runs),
      Self.below(mistake.caughtBelow.rtol), Self.below(mistake.caughtBelow.atol),
      Self.below(mistake.caughtBelow.ulps), mistake.worst.detail ?? "",
    ]
  }

  /// What stands under the table.
  private var notes: [String] {
    var notes = [
      "passes: the share of the runs, in the form that passes most often; rtol, atol, ulps: the "
        + "mistake is caught in every run below that alone, any: whatever it is"
    ]
    let rest = report.shown.count - listed.count
    if rest > 0 { notes.append("and \(rest) more that pass in no run") }
    if !report.hidden.isEmpty {
      notes.append(
        "not to be told from right ones on such inputs, by no tolerance: "
          + report.hidden.map(\.name).joined(separator: ", "))
    }
    return notes
  }

  /// What it means, in three lines.
  private var meaning: [String] {
    let (shown, passing) = (report.shown, report.passing)
    let always = passing.count { $0.passShare == 1 }
    let zeros = report.mistakes.first { $0.name == "all-zeros" }
    var tests = "The test lets \(passing.count) of \(shown.count) known mistakes pass"
    if !passing.isEmpty { tests += ", \(always) of them in every run" }
    tests += "."
    if let zeros, zeros.isShown {
      tests +=
        " All zeros "
        + (zeros.passShare == 0
          ? "do not pass."
          : "pass in \(zeros.worst.passedRuns) of \(Self.count(zeros.worst.runs, "run")).")
    }
    let failing = report.rightForms.filter { $0.failedRuns > 0 }
    var right = "Right implementations (\(report.rightForms.map(\.name).joined(separator: ", "))) "
    right +=
      failing.isEmpty
      ? "never fail it."
      : "fail it: "
        + failing.map { "\($0.name) in \($0.failedRuns) of \(Self.count(report.runs, "run"))" }
        .joined(separator: ", ") + "."
    right += " They need \(needs.joined(separator: ", or "))."
    return [tests, right, separation]
  }

  private var needs: [String] {
    report.separations.map { separation in
      separation.least.map { "\(Self.amount(separation.way, $0)) alone" }
        ?? "more than any \(separation.way)"
    }
  }

  private var separation: String {
    guard let best = report.best, let least = best.least, !report.shown.isEmpty else {
      return "No single tolerance lets the right implementations pass in every run."
    }
    let others = report.separations.filter { $0.way != best.way && $0.least != nil }
    var text =
      "\(Self.amount(best.way, least)) alone tells best: it catches \(best.caught.count) of "
      + "\(report.shown.count) in every run"
    if !others.isEmpty {
      text +=
        " ("
        + others.map { "\(Self.amount($0.way, $0.least ?? 0)): \($0.caught.count)" }
        .joined(separator: ", ") + ")"
    }
    text += best.missed.isEmpty ? "." : "; not \(best.missed.joined(separator: ", "))."
    return text + claim
  }

  /// What `check` would say.
  private var claim: String {
    let claim = report.claim
    var text = " The claim \(claim.name) of `check` catches \(claim.caught.count)"
    if !claim.missed.isEmpty { text += ", not \(claim.missed.joined(separator: ", "))" }
    return text
      + (claim.refused.isEmpty
        ? ", and takes all right ones."
        : ", and refuses of the right ones \(claim.refused.joined(separator: ", ")).")
  }

  // MARK: - Numbers

  private func percent(_ part: Int, _ whole: Int) -> String {
    if part == whole { return "100 %" }
    if part == 0 { return "-" }
    let share = 100 * Double(part) / Double(whole)
    return String(format: share < 1 || share > 99 ? "%.1f %%" : "%.0f %%", share)
  }

  private static func count(_ count: Int, _ word: String) -> String {
    count == 1 ? "1 \(word)" : "\(count) \(word)\(word.hasSuffix("s") ? "es" : "s")"
  }

  /// How much is needed in one of the ways.
  private static func amount(_ way: String, _ value: Double) -> String {
    let digits = twoDigits(value, .up)
    return way == "ulps" ? "\(digits) ulp" : "\(way) \(digits)"
  }

  private static func below(_ value: Double?) -> String {
    value.map { $0 == 0 ? "none" : twoDigits($0, .down) } ?? "any"
  }

  /// Two digits of a number, no more or no less than it is.
  private static func twoDigits(_ value: Double, _ rule: FloatingPointRoundingRule) -> String {
    guard value > 0, value.isFinite else { return "0" }
    let exponent = Int(log10(value).rounded(.down)) - 1
    let unit = pow(10, Double(exponent.magnitude))
    let scaled = exponent < 0 ? value * unit : value / unit
    // What is two digits already, but for the division's rounding, stays.
    let nearest = scaled.rounded()
    let digits = (scaled - nearest).magnitude < 1e-9 * scaled ? nearest : scaled.rounded(rule)
    let rounded = exponent < 0 ? digits / unit : digits * unit
    return String(format: 1..<1e5 ~= rounded && exponent >= 0 ? "%.0f" : "%.2g", rounded)
  }

  private static func wrapped(_ text: String) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      if lines[lines.count - 1].count + word.count >= width { lines.append("  ") }
      let isStart = lines[lines.count - 1].allSatisfy { $0 == " " }
      lines[lines.count - 1] += (isStart ? "" : " ") + word
    }
    return lines
  }
}
