internal import LossFunctions
internal import PropertyEngine
public import Verification

extension ReportDocument {
  /// The document as one page that needs nothing else, for light and dark, narrow and wide.
  ///
  /// - Parameter figures: What is drawn.
  public func html(figures: [Figure] = []) -> String {
    let verdict = verdict.map { verdict in
      "<p class=\"verdict \(verdict == .passed ? "passed" : "failed")\">"
        + "\((verdictTitle ?? verdict.title).xmlEscaped)</p>"
    }
    let facts = facts.map { "<dt>\($0.name.xmlEscaped)</dt><dd>\($0.value.xmlEscaped)</dd>" }
    var sections: [String] = []
    if !diagnoses.isEmpty {
      sections.append(
        "<h2>What the errors look like</h2><ul>"
          + diagnoses.map { "<li>\($0.xmlEscaped)</li>" }.joined() + "</ul>")
    }
    for figure in figures where !figure.curves.isEmpty {
      sections.append(
        """
        <h2>Error against the logit</h2>
        <figure>\(figure.svg())<figcaption>A ring marks the worst point of each form. What is \
        infinite or NaN stands on the rail at the top.</figcaption>
        <details><summary>The numbers</summary>\(Self.table(of: figure))</details></figure>
        """)
    }
    if !findings.isEmpty {
      sections.append(
        "<h2>Failures, with the simplest input found</h2>"
          + findings.map { "<pre>\($0.xmlEscaped)</pre>" }.joined())
    }
    sections.append("<h2>Errors in ulps</h2><div class=\"wide\">\(table)</div>")
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title.xmlEscaped)</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <h1>\(title.xmlEscaped)</h1>
      \(verdict ?? "")
      <dl>\(facts.joined())</dl>
      \(sections.joined(separator: "\n"))
      </body>
      </html>

      """
  }

  private static func table(of figure: Figure) -> String {
    let titles = ([figure.xTitle] + figure.curves.map(\.name)).map {
      "<th scope=\"col\">\($0.xmlEscaped)</th>"
    }
    let places = figure.curves.first?.x ?? []
    let rows = places.indices.map { index in
      let heights = figure.curves.map { $0.y[index].map { "\(Float($0))" } ?? "inf, NaN" }
      let cells = ["\(Float(places[index]))"] + heights
      return "<tr>" + cells.map { "<td class=\"number\">\($0)</td>" }.joined() + "</tr>"
    }
    return "<div class=\"wide\"><table><thead><tr>\(titles.joined())</tr></thead><tbody>"
      + rows.joined(separator: "\n") + "</tbody></table></div>"
  }

  private var table: String {
    let labels = labels
    let numbers = numbers
    let titles = labels.map(\.title) + numbers.map(\.title) + ["", "witness"]
    let head = titles.map { "<th scope=\"col\">\($0.xmlEscaped)</th>" }.joined()
    let body = rows.map { row in
      let texts = labels.map { $0.value(row) }
      return "<tr\(row.failure == nil ? "" : " class=\"bad\"")>"
        + texts.map { "<td>\($0.xmlEscaped)</td>" }.joined()
        + numbers.map { "<td class=\"number\">\($0.value(row).xmlEscaped)</td>" }.joined()
        + "<td>\(row.mark)</td>"
        + "<td class=\"witness\">\((row.witness ?? row.specialValues ?? "").xmlEscaped)</td></tr>"
    }
    return
      "<table><thead><tr>\(head)</tr></thead><tbody>\(body.joined(separator: "\n"))</tbody></table>"
  }

  private static let style = """
    :root { --text: #1a1a1a; --page: #fff; --faint: #666; --line: #ddd; --bad: #b3261e; \
    --good: #1b6e3c; --code: #f5f5f5; }
    @media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --page: #161616; \
    --faint: #9a9a9a; --line: #3a3a3a; --bad: #ff8a80; --good: #7fd8a0; --code: #222; } }
    body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); \
    max-width: 80rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
    dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
    .verdict { font-weight: 600; font-size: 1.1rem; }
    .passed { color: var(--good); } .failed { color: var(--bad); }
    pre { background: var(--code); padding: .75rem; overflow-x: auto; font-size: .85rem; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .85rem; white-space: nowrap; }
    th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
    th { color: var(--faint); font-weight: 600; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    .bad td { color: var(--bad); } .witness { color: var(--faint); }
    figure { margin: 1rem 0; } figcaption { color: var(--faint); font-size: .9rem; }
    svg { width: 100%; max-width: 60rem; height: auto; }
    """
}
