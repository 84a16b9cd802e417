internal import Foundation
internal import LossOracle
internal import Studies
internal import Verification

/// The folder that a study's data and pictures go to.
struct StudyFolder {
  let path: String

  /// Writes `NAME.json`, `NAME.md`, a CSV file for each table, and each figure as SVG
  /// for a light and for a dark page.
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
    for figure in answer.figures {
      try folder.write(Data(figure.svg(.light).utf8), to: "\(figure.name).svg")
      try folder.write(Data(figure.svg(.dark).utf8), to: "\(figure.name)~dark.svg")
    }
  }

  /// A field as RFC 4180 has it.
  private static func field(_ text: String) -> String {
    text.contains { ",\"\r\n".contains($0) }
      ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}
