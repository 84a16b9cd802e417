/// A table of text whose columns line up.
struct TextTable {
  enum Alignment {
    case left, right
  }

  struct Column {
    let title: String
    let alignment: Alignment
  }

  /// A cell: its text, and how it is shown once it has been padded.
  struct Cell {
    let text: String
    var style: (String) -> String = { $0 }
  }

  let columns: [Column]
  private(set) var rows: [[Cell]] = []

  init(_ columns: [(String, Alignment)]) {
    self.columns = columns.map { Column(title: $0.0, alignment: $0.1) }
  }

  mutating func append(_ row: [Cell]) { rows.append(row) }

  /// The lines, the titles first. The last column is not padded.
  func lines(titleStyle: @escaping (String) -> String) -> [String] {
    let titles = columns.map { Cell(text: $0.title, style: titleStyle) }
    let all = [titles] + rows
    let widths = columns.indices.map { column in all.map { $0[column].text.count }.max() ?? 0 }
    return all.map { row in
      row.indices.map { column in
        let cell = row[column]
        let padding = String(repeating: " ", count: widths[column] - cell.text.count)
        let isLast = column == columns.count - 1
        return columns[column].alignment == .right
          ? padding + cell.style(cell.text) : cell.style(cell.text) + (isLast ? "" : padding)
      }.joined(separator: "  ")
    }
  }
}

extension String {
  /// The text with spaces behind it up to a width.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
