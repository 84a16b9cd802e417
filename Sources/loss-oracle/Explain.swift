internal import ArgumentParser
internal import Interchange
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

      With a function and whatever belongs to its row: the formula, the exact values of its parts, what \
      every built-in form gives, the exact value, and the theorem by which the search for it ends:

        $ loss-oracle explain kl-divergence --logits 1,2,3.5 --target-logits 0,2,1
        $ loss-oracle explain softmax-gradient --logits 9,0,1 --grad-output 1,1,1 --format float32
        $ loss-oracle explain cross-entropy --logits 60,20 --target 0 --options '{"softcap": 30}'

      A linear layer fused with its loss: loss-oracle explain linear-cross-entropy --help.
      """)

  @Argument(help: "The function. (default: the loss of the numbers that are given)")
  var function: LossFunction?

  @Option(parsing: .unconditional, help: "The logit of a function of one.")
  var logit: String?

  @Option(parsing: .unconditional, help: "The logits of a row, separated by commas.")
  var logits: String?

  @Option(parsing: .unconditional, help: "The probability of a binary loss.")
  var probability: String?

  @Option(help: "The probabilities of a row.")
  var probabilities: String?

  @Option(parsing: .unconditional, help: "The logarithm of the probability of a binary loss.")
  var logProbability: String?

  @Option(parsing: .unconditional, help: "The logarithms of the probabilities of a row.")
  var logProbabilities: String?

  @Option(
    parsing: .unconditional,
    help: """
      The target: a probability beside one number, and beside a row a class index or the \
      probabilities of all classes.
      """)
  var target: String?

  @Option(parsing: .unconditional, help: "The logits that the target is the softmax of.")
  var targetLogits: String?

  @Option(parsing: .unconditional, help: "What a gradient is multiplied by.")
  var gradOutput: String?

  @Option(
    parsing: .unconditional,
    help: "The sums of shards, then their logits of the target, beside the maxima as --logits.")
  var partials: String?

  @Option(help: "The options of the function, a JSON object as of evaluate.")
  var options = "{}"

  @Option(help: "The format: \(LossScalars.all.map { $0.format.name }.joined(separator: ", ")).")
  var format = FloatFormat.float64

  @Flag(help: "As JSON.")
  var json = false

  @Flag(help: "No colour, as with NO_COLOR set.")
  var noColor = false

  func validate() throws {
    guard function == nil else { return }
    guard [logit, logits, probability].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Give one of --logit, --logits and --probability, or a function.")
    }
    guard target != nil else { throw ValidationError("Give --target, or a function without one.") }
    let others = [
      probabilities, logProbability, logProbabilities, targetLogits, gradOutput, partials,
    ]
    guard options == "{}", others.allSatisfy({ $0 == nil }) else {
      throw ValidationError("Name the function that has such arguments, before them.")
    }
  }

  func run() throws {
    let style = Style(usesColor: Terminal.usesColor(disabled: noColor))
    let explanation = try explanation()
    try StandardStream.output.write(
      json ? ReportFormat.jsonText(explanation) : explanation.text(style))
  }

  private func explanation() throws -> Explanation {
    let target = target ?? ""
    do {
      if let function {
        let (input, options) = try row(of: function)
        return try .function(function, input, options: options, in: format)
      }
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

  /// The row that the arguments make, read as a line of `evaluate` is.
  private func row(of function: LossFunction) throws -> (LossInput, LossOptions) {
    func list(_ text: String) -> String {
      let texts = text.split(separator: ",", omittingEmptySubsequences: false)
      return "[\(texts.map { one(String($0)) }.joined(separator: ", "))]"
    }
    func one(_ text: String) -> String {
      JSONValue.quoted(text.trimmingPrefix(while: \.isWhitespace).description)
    }
    var members: [String] = []
    func add(_ name: String, _ text: String?, _ write: (String) -> String) {
      if let text { members.append("\(JSONValue.quoted(name)): \(write(text))") }
    }
    add("logit", logit, one)
    add("logits", logits, list)
    add("probability", probability, one)
    add("probabilities", probabilities, list)
    add("log_probability", logProbability, one)
    add("log_probabilities", logProbabilities, list)
    add("target", target) {
      function.isBinary ? one($0) : Int($0).map { "\($0)" } ?? list($0)
    }
    add("target_logits", targetLogits, list)
    add("grad_output", gradOutput) {
      function.gradOutputKind == .row || function.mayHaveGradOutput ? one($0) : list($0)
    }
    add("partials", partials, list)
    do {
      let line = "{\(members.joined(separator: ", "))}"
      let request = try EvaluationRequest(parsing: Array(line.utf8)[...], for: function, in: format)
      guard case .row(let input, let read) = request else {
        throw ValidationError("A batch cannot be explained.")
      }
      var options = try LossOptions(parsing: options, for: function, in: format)
      if options.input == .logits { options.input = read.input }
      options.gradOutput = read.gradOutput
      return (input, options)
    } catch let error as EvaluationRequestError {
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
}

extension Explanation {
  /// The sections in columns: expressions, values, remarks below where a line would pass 80 columns.
  func text(_ style: Style) -> String {
    let steps = sections.flatMap(\.steps)
    let width = steps.map(\.expression.count).max() ?? 0
    var lines = [style.heading(title)]
    for section in sections {
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
