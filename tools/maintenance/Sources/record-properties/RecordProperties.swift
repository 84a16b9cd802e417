internal import ArgumentParser
internal import Foundation
internal import LossOracle
internal import RecordedBounds

/// Renews the record of which implementations are known to violate which property.
@main
struct RecordProperties: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record-properties",
    abstract: "Renew the known violations of properties by the built-in implementations.")

  @Option(help: "The number of cases of each family.")
  var cases = 100

  @Option(help: "The number of cases that are searched.")
  var searched = 1000

  @Option(help: "The seed.")
  var seed: UInt64 = 2026

  @Option(help: "The file of violations.")
  var file: String

  @Option(help: "A page of Markdown to write a summary to.")
  var page: String?

  @Option(help: "A CSV file to write the table to.")
  var table: String?

  func run() async throws {
    let survey = PropertySurvey(caseCount: cases, searchCount: searched, seed: seed)
    var witnesses: [WitnessRecord] = []
    for question in PropertySurvey.questions {
      if let witness = try await survey.witness(against: question) { witnesses.append(witness) }
    }
    try WitnessFile(witnesses).write(to: URL(filePath: file))
    print(
      "\(witnesses.count) of \(PropertySurvey.questions.count) properties are violated; wrote \(file)"
    )
    let answers = PropertySurvey.questions.map { question in
      Answer(question: question, witness: witnesses.first { question.isAnswered(by: $0) })
    }
    if let table { try Data(csv(answers).utf8).write(to: URL(filePath: table), options: .atomic) }
    if let page {
      try Data(markdown(answers).utf8).write(to: URL(filePath: page), options: .atomic)
    }
  }

  private struct Answer {
    let question: PropertySurvey.Question
    let witness: WitnessRecord?
  }

  private func csv(_ answers: [Answer]) -> String {
    let heads = [
      "property", "function", "implementation", "format", "outcome", "simplest row",
      "what it shows",
    ]
    let properties = Properties.all + Properties.ofPairs
    let sorted = properties.flatMap { property in
      answers.filter { $0.question.property.name == property.name }
    }
    let rows = sorted.map { answer in
      let implementation = answer.question.implementation
      return [
        answer.question.property.name, implementation.function.rawValue, implementation.name,
        answer.question.format.name, answer.witness == nil ? "holds" : "broken",
        answer.witness.map(Self.row) ?? "", answer.witness?.message ?? "",
      ]
    }
    return ([heads] + rows).map { cells in
      cells.map { cell in
        cell.contains { $0 == "," || $0 == "\"" }
          ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
      }.joined(separator: ",") + "\n"
    }.joined()
  }

  private func markdown(_ answers: [Answer]) -> String {
    var lines = [
      "# Properties of the implementations", "",
      "Which relations hold of the built-in implementations, found without knowing what is right.",
      "",
      "## Overview", "",
      "A property needs no exact value. It says where the values of a function lie, as \"a loss is not",
      "negative\", or how the values for two rows go together, as \"a common offset of the logits changes",
      "nothing\". Each holds of correctly rounded values. So an implementation that breaks one is wrong,",
      "whatever the exact value is.",
      "",
      "Relations between values may be off by what errors of 4 ulp allow. Ranges and signs may not.",
      "*Holds* means that \(cases) cases of each family and \(searched) of a search found nothing else",
      "(seed \(seed)). It is no proof. [The table](Tables/properties.csv) has each property of each",
      "implementation in float32 and bfloat16 and, where it is broken, the simplest row that shows it.",
      "",
      "Does a broken property matter? A loss of -6e-8 is below 0, and a test that asserts",
      "`loss >= 0` fails by chance. A sigmoid that is not monotone can swap two ranks. NaN stops training.",
      "",
      "## How many implementations keep each", "",
      "| property | what it says | float32 | bfloat16 |", "| --- | --- | --- | --- |",
    ]
    for property in Properties.all + Properties.ofPairs {
      let counts = [FloatFormat.float32, .bfloat16].map { format in
        let asked = answers.filter {
          $0.question.property.name == property.name && $0.question.format == format
        }
        return "\(asked.count { $0.witness == nil }) of \(asked.count)"
      }
      lines.append(
        "| \(property.name) | \(property.statement.replacing("|", with: "\\|")) | "
          + counts.joined(separator: " | ") + " |")
    }
    lines += ["", "The command `tools/record-properties` renews this page and the table."]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(_ witness: WitnessRecord) -> String {
    var text = "(\(witness.decimals.prefix(4).joined(separator: ", ")))"
    if let label = witness.label { text += ", t = \(label)" }
    if let y = witness.probabilities, witness.logits.count == 1,
      let value = y.first.flatMap(FloatValue.init(hexadecimal:))
    {
      text += ", y = \(value.double)"
    }
    return text
  }
}
