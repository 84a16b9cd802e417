internal import ArgumentParser
internal import LossOracle

/// `loss-oracle explain`: one case, step by step.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explain one case step by step, in one format.",
    discussion: """
      What the naive formula computes, where its information goes, what the logit form and the form \
      that keeps the digits compute, the exact value, and the gradient of each:

        $ loss-oracle explain --logit -305.8 --target 0 --format float64
        $ loss-oracle explain --logits 50,0 --target 0 --format float32
        $ loss-oracle explain --probability 0.9999999 --target 0 --format float32
      """)

  @Option(parsing: .unconditional, help: "The logit of a binary loss.")
  var logit: String?

  @Option(parsing: .unconditional, help: "The logits of a categorical loss, separated by commas.")
  var logits: String?

  @Option(parsing: .unconditional, help: "The probability of a binary loss.")
  var probability: String?

  @Option(
    parsing: .unconditional,
    help: "The target: a probability for --logit and --probability, a class index for --logits.")
  var target: String

  @Option(help: "The format: \(LossScalars.all.map { $0.format.name }.joined(separator: ", ")).")
  var format = FloatFormat.float64

  @Flag(help: "As JSON.")
  var json = false

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  func validate() throws {
    guard [logit, logits, probability].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Give one of --logit, --logits and --probability.")
    }
  }

  func run() throws {
    let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
    let explanation = try explanation()
    try StandardStream.output.write(
      json ? ReportFormat.jsonText(explanation) : text(explanation, style))
  }

  private func explanation() throws -> Explanation {
    do {
      if let logit {
        return try .binary(
          logit: try number(logit, "--logit"), target: try number(target, "--target"), in: format)
      }
      if let probability {
        return try .probability(
          try number(probability, "--probability"), target: try number(target, "--target"),
          in: format)
      }
      let texts = (logits ?? "").split(separator: ",", omittingEmptySubsequences: false)
      let row = try texts.map {
        try number(String($0.trimmingPrefix(while: \.isWhitespace)), "--logits")
      }
      guard let label = Int(target) else {
        throw ValidationError("--target must be a class index for --logits, not \(target).")
      }
      return try .categorical(logits: row, label: label, in: format)
    } catch let error as ExplanationError {
      throw StandardStream.failure(error.description, status: ExitStatus.badData)
    }
  }

  private func number(_ text: String, _ option: String) throws -> FloatValue {
    do {
      return try format.value(literal: text)
    } catch {
      throw ValidationError("\(option): \(error).")
    }
  }

  /// The sections in columns: expressions, values, remarks below where a line would pass 80 columns.
  private func text(_ explanation: Explanation, _ style: Style) -> String {
    let steps = explanation.sections.flatMap(\.steps)
    let width = steps.map(\.expression.count).max() ?? 0
    var lines = [style.heading(explanation.title)]
    for section in explanation.sections {
      lines += ["", style.heading(section.title)]
      for step in section.steps {
        var line = "  \(step.expression.padded(to: width))  \(step.value)"
        if let remark = step.remark {
          let shown = style.faint(remark)
          let gap = max(2, width + 28 - line.count)
          if line.count + gap + remark.count <= 80 {
            line += String(repeating: " ", count: gap) + shown
          } else {
            line += "\n" + String(repeating: " ", count: width + 4) + shown
          }
        }
        lines.append(line)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
