internal import ArgumentParser
internal import Checking
internal import LossOracle

/// `loss-oracle explain linear-cross-entropy`: a row of a linear layer and its loss, step by step.
struct ExplainLinear: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain-\(linearCrossEntropyName)",
    abstract: "Explain a row of a linear layer fused with its loss.",
    discussion: """
      The exact logits, what a sum of products in float32 makes of them, how far off that may be, and the exact \
      loss and gradients of a row:

        $ loss-oracle explain linear-cross-entropy --layer layer.safetensors --row 2
        $ loss-oracle explain linear-cross-entropy \\
            '{"hidden": [[3, 3]], "weight": [[1, -1], [1, -0.9999999]], "target": [0]}'

      The file is one that generate or check --save-witness writes.
      """, shouldDisplay: false)

  @Argument(help: "The layer as a line of JSON, as evaluate reads it.")
  var line: String?

  @Option(help: "The safetensors file of the layer, in place of a line.")
  var layer: String?

  @Option(help: "The row, from 0 on.")
  var row = 0

  @Option(
    name: .customLong("options"), parsing: .unconditional,
    help: "The options, as a JSON object. (default: those of the layer)")
  var optionText: String?

  @Option(
    help:
      "The format of a line's numbers, and of the values. (default: that of the file, or float32)")
  var format: FloatFormat?

  @Flag(help: "As JSON.")
  var json = false

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  func validate() throws {
    guard (line == nil) != (layer == nil) else {
      throw ValidationError("Give a layer: a line of JSON, or --layer FILE.")
    }
    if let format, line != nil, !format.isWithinFloat32 {
      throw ValidationError("A linear layer is in at most 32 bits, not \(format).")
    }
  }

  func run() throws {
    var (input, options, format): (LinearInput, LossOptions, FloatFormat)
    if let layer {
      let file = try LinearArguments.read(layer)
      (input, options, format) = (file.input, file.options, self.format ?? file.format)
    } else {
      format = self.format ?? .float32
      do {
        let line = try LinearLine(parsing: Array((line ?? "").utf8)[...], in: format)
        (input, options) = (line.input, line.options)
      } catch {
        throw StandardStream.failure("the line: \(error)", status: ExitStatus.badData)
      }
    }
    if let optionText {
      do {
        options = try LossOptions(parsing: optionText, for: .crossEntropy, in: format)
      } catch {
        throw ValidationError("--options: \(error).")
      }
    }
    guard (0..<input.rowCount).contains(row) else {
      throw ValidationError("--row must lie between 0 and \(input.rowCount - 1).")
    }
    let explanation: Explanation
    do {
      // A row is told by itself, whatever a mean divides by.
      options.denominator = nil
      explanation = try .layer(input, row: row, options: options, in: format)
    } catch {
      throw StandardStream.failure("\(error)", status: ExitStatus.badData)
    }
    let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
    try StandardStream.output.write(
      json ? ReportFormat.jsonText(explanation) : explanation.text(style))
  }
}
