internal import PropertyEngine
internal import Verification

extension ReportDocument {
  /// The document as Markdown, for the summary of a CI job.
  public var markdown: String {
    var lines = ["# \(title)", ""]
    if let verdictTitle { lines += ["**\(verdictTitle).**", ""] }
    lines += facts.map { "- \($0.name): \(Self.escaped($0.value))" } + [""]
    if !diagnoses.isEmpty {
      lines +=
        ["## What the errors look like", ""] + diagnoses.map { "- \(Self.escaped($0))" } + [""]
    }
    if !findings.isEmpty {
      lines += ["## Failures, with the simplest input found", ""]
      for finding in findings { lines += ["```text", finding, "```", ""] }
    }
    let labels = labels
    let numbers = numbers
    let titles = labels.map(\.title) + numbers.map(\.title) + ["", "witness"]
    let rules = labels.map { _ in "---" } + numbers.map { _ in "--:" } + ["---", "---"]
    lines += [
      "## Errors in ulps", "", "| " + titles.joined(separator: " | ") + " |",
      "| " + rules.joined(separator: " | ") + " |",
    ]
    for row in rows {
      let cells =
        labels.map { $0.value(row) } + numbers.map { $0.value(row) }
        + [row.mark, row.witness ?? row.specialValues ?? ""]
      lines.append("| " + cells.map(Self.escaped).joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text in which nothing is markup, nor the end of a cell.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\", "|", "*", "_", "`", "<", ">", "[", "]", "#": result += "\\\(character)"
      case "\n", "\r": result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
