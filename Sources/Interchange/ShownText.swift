// What others have written, as it may stand in a message: on one line, of bounded length, and without
// the control characters by which it could change a terminal.

extension String {
  /// The text in quotes, escaped, its end left out where it is long.
  var shown: String {
    let limit = 60
    let scalars = unicodeScalars.prefix(limit + 1)
    let escaped = scalars.prefix(limit).map { $0.escaped(asASCII: !$0.isPrinted) }.joined()
    return "\"\(escaped)\(scalars.count > limit ? "…" : "")\""
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
  var shown: String { isEmpty ? "none" : shown(\.shown) }
}

extension [Int] {
  var shown: String { "[\(shown { "\($0)" })]" }
}
