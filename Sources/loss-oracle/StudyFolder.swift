internal import Foundation
internal import LossOracle
internal import Studies

/// The folder that a study's data and pictures go to.
struct StudyFolder {
  let path: String

  /// Writes `NAME.json`, `NAME.md`, a CSV file for each table, and the pictures.
  ///
  /// The pictures are drawn by tools/draw-figures with matplotlib; without it a note says so.
  func write(_ study: any Study, _ answer: StudyAnswer) throws {
    let name = study.name
    let folder = OutputFolder(path: path)
    try folder.write(try ReportFormat.json(answer), to: "\(name).json")
    try folder.write(Data(answer.markdown(of: study).utf8), to: "\(name).md")
    for (number, table) in answer.tables.enumerated() {
      let lines = ([table.columns] + table.rows).map { $0.map(Self.field).joined(separator: ",") }
      let text = lines.joined(separator: "\r\n") + "\r\n"
      try folder.write(Data(text.utf8), to: "\(name)-\(number + 1).csv")
    }
    draw("\(name).json")
  }

  /// A field as RFC 4180 has it.
  private static func field(_ text: String) -> String {
    text.contains { ",\"\r\n".contains($0) }
      ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  private func draw(_ file: String) {
    guard let tool = PythonTool("draw-figures") else { return }
    let data = URL(filePath: path).appending(path: file)
    if tool.run([data.path]) == nil {
      try? StandardStream.error.write(
        """
        Note: no pictures were drawn, for that takes Python with matplotlib. The data are there:
        pip install matplotlib, then \(tool.url.path) \(path)/\(file)

        """)
    }
  }
}
