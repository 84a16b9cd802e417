// What others have written (files, options, replies, a program's own words), as it may stand in a
// message: on one line, of bounded length, and without the control characters by which it could change
// a terminal or a report.

extension StringProtocol {
  /// The text in quotes, escaped, its end left out where it is long.
  package var shown: String { "\"\(excerpt { $0.escaped(asASCII: false) })\"" }

  /// The text without quotes, its end left out where it has more than `limit` characters.
  package func excerpt(_ limit: Int = 60) -> String { excerpt(limit) { String($0) } }

  private func excerpt(_ limit: Int = 60, _ printed: (Unicode.Scalar) -> String) -> String {
    let scalars = unicodeScalars.prefix(limit + 1)
    let texts = scalars.prefix(limit).map { $0.isPrinted ? printed($0) : $0.escaped(asASCII: true) }
    return texts.joined() + (scalars.count > limit ? "…" : "")
  }
}

extension Unicode.Scalar {
  /// Whether it shows as itself, and changes nothing around it.
  fileprivate var isPrinted: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned:
      false
    default: true
    }
  }
}

extension Collection {
  /// The first few elements, and how many more there are.
  fileprivate func shown(_ text: (Element) -> String) -> String {
    let limit = 8
    let texts = prefix(limit).map(text) + (count > limit ? ["… (\(count) in all)"] : [])
    return texts.joined(separator: ", ")
  }
}

extension [String] {
  package var shown: String { isEmpty ? "none" : shown(\.shown) }
}

extension [Int] {
  package var shown: String { "[\(shown { "\($0)" })]" }
}

extension String {
  /// The text as XML 1.0 takes it: escaped, and without the characters that it has none for.
  package var xmlEscaped: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\u{0}"..<" ", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
