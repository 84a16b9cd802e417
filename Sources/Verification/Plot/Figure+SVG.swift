internal import LossFunctions
internal import SmallFoundation

extension Figure {
  /// The page that a drawing stands on.
  public enum Theme: Sendable {
    case light
    case dark
    /// Whichever the reader has.
    case automatic
  }

  /// The figure as an SVG drawing with text, an alternative text, and no page of its own colour.
  ///
  /// What is infinite or NaN stands on a rail above the others. Curves that run together are one line
  /// under both names.
  public func svg(_ theme: Theme = .automatic) -> String {
    let drawing = FigureDrawing(self)
    let height = FigureDrawing.text(drawing.height)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 720 \(height)" \
      role="img" aria-label="\(title.xmlEscaped). \(summary.xmlEscaped)">
      <style>\(style(theme))</style>
      <title>\(title.xmlEscaped)</title>
      <desc>\(summary.xmlEscaped)</desc>
      \(drawing.elements.joined(separator: "\n"))
      </svg>

      """
  }

  /// What the drawing says, in words.
  public var summary: String {
    let parts = lines.map { line in
      let known = line.points.compactMap(\.y)
      let lost = line.points.count - known.count
      let range = "\(short(known.min() ?? 0)) to \(short(known.max() ?? 0))"
      let name = line.names.joined(separator: ", ")
      return "\(name): \(range)" + (lost == 0 ? "" : ", infinite or NaN at \(lost) points")
    }
    return "\(yTitle) over \(xTitle). " + parts.joined(separator: "; ") + "."
  }

  private func short(_ value: Double) -> String { value.printed("%.3g") }

  static let colourCount = 7

  private func style(_ theme: Theme) -> String {
    // Okabe and Ito's colours, which people with any colour vision tell apart; lighter on a dark page.
    let light = ["#0072B2", "#D55E00", "#008060", "#B0558F", "#A87000", "#3388BB", "#777777"]
    let dark = ["#66C2FF", "#FF9D5C", "#3DD6A8", "#F0A6D2", "#F2C14E", "#A5D8FF", "#BBBBBB"]
    func rules(_ ink: String, _ faint: String, _ colours: [String]) -> String {
      ".figure{--ink:\(ink);--faint:\(faint);"
        + colours.enumerated().map { "--line\($0):\($1);" }.joined() + "}"
    }
    let lightRules = rules("#333333", "#DDDDDD", light)
    let darkRules = rules("#DDDDDD", "#444444", dark)
    let colours =
      switch theme {
      case .light: lightRules
      case .dark: darkRules
      case .automatic: lightRules + "@media(prefers-color-scheme:dark){\(darkRules)}"
      }
    return colours + ".figure text{font:13px system-ui,sans-serif;fill:var(--ink)}"
      + ".figure .heading{font-size:15px;font-weight:600}.figure .grid{stroke:var(--faint)}"
      + ".figure .guide{stroke:var(--ink);stroke-dasharray:2 3}"
      + ".figure path,.figure circle{fill:none}"
  }
}
