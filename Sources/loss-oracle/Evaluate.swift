internal import ArgumentParser
internal import LossOracle
internal import SystemPackage

/// `loss-oracle evaluate`: JSON Lines in, exact values out.
struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the exact, correctly rounded value for each line of input.",
    discussion: """
      Reads JSON Lines and answers each with one line, in order:

        $ echo '{"logit": -305.8, "target": 0}' | loss-oracle evaluate binary-cross-entropy
        {"value":"0x1.c52755a129346p-442","decimal":"1.558645801350814e-133"}

      A number is a JSON number or a string: decimal, rounded to the input format as a literal \
      in a program would be; hexadecimal such as "0x1.8p3", which the format must hold; "inf", \
      "-inf" or "nan". A target is a class index or a list of probabilities, for the binary loss \
      one probability. The field says what the numbers are: logit, probability or log_probability, \
      logits, probabilities or log_probabilities; target_logits, grad_output and partials stand beside it where the \
      function has them. Options stand beside them under the frameworks' names: class_weights, \
      pos_weight, label_smoothing, ignore_index, z_loss, focal_gamma, focal_alpha, beta, threshold, and what stands \
      before the loss, in the order in which it applies: scale, softcap, logit_bias, temperature. \
      A batch is {"rows": [...], "reduction": "mean"}, with the options, and denominator, beside these.

      A linear layer fused with its loss is read from a file of tensors: \
      loss-oracle evaluate linear-cross-entropy --help.

      A line that cannot be answered gets a message on stderr with its number, the others are \
      answered all the same, and the exit status is 65.
      """)

  @Argument(help: "The function.")
  var function: LossFunction

  @Argument(help: "A file of JSON Lines; - is stdin.")
  var input = "-"

  @Option(help: "Input format: \(FloatFormat.argumentHelp).")
  var format = FloatFormat.float64

  @Option(help: "Output format. (default: the input format)")
  var outputFormat: FloatFormat?

  @Option(
    help: "Rounding: \(RoundingDirection.allCases.map(\.rawValue).joined(separator: ", ")).")
  var rounding = RoundingDirection.nearestEven

  @Option(help: "Add \"exact\", with so many correct significant decimal digits.")
  var digits: Int?

  func validate() throws {
    if let digits, !(1...1_000_000).contains(digits) {
      throw ValidationError("--digits must lie between 1 and 1000000.")
    }
  }

  func run() async throws {
    let evaluator = Evaluator(
      function: function, inputFormat: format, outputFormat: outputFormat ?? format,
      direction: rounding, digitCount: digits)
    var isFaultless = true
    var lineCount = 0
    try await InputLines(path: input).forEachBatch { lines in
      let pieces = lines.piecesOfLines(byteCount: 1 << 16)
      for answers in await concurrentMap(pieces, { evaluator.answers($0) }) {
        try StandardStream.output.write(answers.text)
        let complaints = answers.errors.map { "line \(lineCount + $0.line): \($0)\n" }
        try StandardStream.error.write(complaints.joined())
        isFaultless = isFaultless && answers.errors.isEmpty
        lineCount += answers.lineCount
      }
    }
    if !isFaultless { throw ExitCode(ExitStatus.badData) }
  }
}

extension ArraySlice<UInt8> {
  /// The lines in pieces of about so many bytes.
  fileprivate func piecesOfLines(byteCount: Int) -> [Self] {
    var pieces: [Self] = []
    var rest = self
    while !rest.isEmpty {
      let limit = rest.index(rest.startIndex, offsetBy: byteCount, limitedBy: rest.endIndex)
      let end = limit.flatMap { rest[$0...].firstIndex(of: UInt8(ascii: "\n")) }
      pieces.append(rest.prefix(through: end ?? rest.endIndex - 1))
      rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
    }
    return pieces
  }
}
