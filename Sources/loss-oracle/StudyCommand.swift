internal import ArgumentParser
internal import Foundation
internal import LossOracle
internal import Studies

/// `loss-oracle study`: questions about the output layer, answered with figures.
struct StudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Answer a question about the output layer with figures against exact values.",
    discussion: Studies.all.map { "\($0.name): \($0.question)" }.joined(separator: "\n"))

  @Argument(help: "The study: \(Studies.all.map(\.name).joined(separator: ", ")).")
  var name: String

  @Option(
    help: "A folder to write the data and the pictures to.", transform: OutputFolder.path)
  var output: String?

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  func validate() throws { _ = try study }

  private var study: any Study {
    get throws {
      let names = Studies.all.map(\.name)
      guard let study = Studies.all.first(where: { $0.name == name }) else {
        throw Suggestion.unknown("study", name, among: names)
      }
      return study
    }
  }

  func run() async throws {
    let study = try study
    if let output { try OutputFolder(path: output).prepare(["\(study.name).json"]) }
    let progress = ProgressLine(study.name)
    defer { progress.finish() }
    let answer = try await study.answer { progress.update($0, $1) }
    progress.finish()
    let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
    try StandardStream.output.write(text(study, answer, style))
    if let output { try StudyFolder(path: output).write(study, answer) }
  }

  private func text(_ study: any Study, _ answer: StudyAnswer, _ style: Style) -> String {
    var lines = [style.heading(study.question)]
    for table in answer.tables {
      var text = TextTable(table.columns.map { ($0, .left) })
      for row in table.rows { text.append(row.map { TextTable.Cell(text: $0) }) }
      lines += ["", table.title, ""] + text.lines(titleStyle: style.heading)
    }
    return (lines + [""] + answer.words).joined(separator: "\n") + "\n"
  }
}
