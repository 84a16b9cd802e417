internal import FloatFormats

/// The numbers of a row of many classes, of which few differ: one after the other as runs, `0*70000`.
enum Runs {
  /// Shorter rows are written number by number.
  private static let shortRow = 16
  /// Fewer of the same are written out.
  private static let shortRun = 4
  /// What a text of a few bytes may stand for: a row of the greatest vocabulary, and some more.
  static let greatestCount = 1 << 20

  /// The texts of numbers, with a count where one is repeated.
  static func texts(_ values: [FloatValue], _ text: (FloatValue) -> String) -> [String] {
    guard values.count > shortRow else { return values.map(text) }
    var texts: [String] = []
    var start = 0
    while start < values.count {
      var end = start + 1
      while end < values.count, values[end] == values[start] { end += 1 }
      let (one, count) = (text(values[start]), end - start)
      texts +=
        count < shortRun ? [String](repeating: one, count: count) : ["\(one)*\(count)"]
      start = end
    }
    return texts
  }

  /// The number and the count of a text; a count of 1 where it has none, nil where it is no count.
  static func parts(_ text: String) -> (number: Substring, count: Int?) {
    guard let star = text.firstIndex(of: "*") else { return (text[...], 1) }
    let digits = text[text.index(after: star)...]
    let count = digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    return (text[..<star], count.flatMap { $0 > 0 ? $0 : nil })
  }
}
