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

  @Option(help: "A page of Markdown to write the table to.")
  var page: String?

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
    guard let page else { return }
    try Data(markdown(witnesses).utf8).write(to: URL(filePath: page), options: .atomic)
  }

  private func markdown(_ witnesses: [WitnessRecord]) -> String {
    var lines = [
      "# Properties of the implementations", "",
      "Which relations hold of the built-in implementations, found without knowing what is right.",
      "",
      "## Overview", "",
      "A property relates what a function gives for a case to what it gives for others, or says",
      "where its values lie. All hold of correctly rounded values. An implementation is taken to",
      "claim errors of at most 4 ulp, and a relation may be off by what such errors allow; ranges",
      "and signs may not. *Holds* means that \(cases) cases of each family and \(searched) of a search",
      "found nothing else (seed \(seed)); otherwise the simplest row found stands in the table.",
      "",
    ]
    for property in Properties.all + Properties.ofPairs {
      let questions = PropertySurvey.questions.filter {
        $0.property.name == property.name && $0.format == .float32
      }
      lines += [
        "### \(property.name)", "",
        "\(property.statement.prefix(1).uppercased())"
          + property.statement.dropFirst() + ".", "",
        "| function | implementation | float32 | bfloat16 |", "| --- | --- | --- | --- |",
      ]
      for question in questions {
        let cells = [FloatFormat.float32, .bfloat16].map { format in
          let same = PropertySurvey.Question(
            property: property, implementation: question.implementation, format: format,
            relative: question.relative)
          return witnesses.first { same.isAnswered(by: $0) }.map(Self.cell) ?? "holds"
        }
        lines.append(
          "| \(question.implementation.function) | \(question.implementation.name) | "
            + cells.joined(separator: " | ") + " |")
      }
      lines.append("")
    }
    lines.append("The command `tools/record-properties` renews this page.")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func cell(_ witness: WitnessRecord) -> String {
    var text = "(\(witness.decimals.prefix(4).joined(separator: ", ")))"
    if let label = witness.label { text += ", t = \(label)" }
    if let y = witness.probabilities, witness.logits.count == 1,
      let value = y.first.flatMap(FloatValue.init(hexadecimal:))
    {
      text += ", y = \(value.double)"
    }
    return text + ": " + witness.message
  }
}
