internal import Verification

extension StudyAnswer {
  /// The answer as a page of Markdown, such as DocC reads: the words, the pictures, the tables.
  ///
  /// - Parameter study: The study whose answer this is.
  public func markdown(of study: any Study) -> String {
    var lines = ["# \(study.title)", "", study.question, "", "## Overview", ""]
    lines += words.flatMap { ["- \($0)"] }
    for figure in figures { lines += ["", "![\(figure.title)](\(figure.name).svg)"] }
    for table in tables {
      lines += ["", "### \(table.heading)", ""]
      if table.title != table.heading { lines += [table.title, ""] }
      lines += table.markdown
    }
    lines += ["", "The command `loss-oracle study \(study.name)` prints these tables."]
    return lines.joined(separator: "\n") + "\n"
  }
}

extension StudyTable {
  /// The rows with the columns' heads, as Markdown.
  fileprivate var markdown: [String] {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    return [line(columns), line(columns.map { _ in "---" })] + rows.map(line)
  }
}
