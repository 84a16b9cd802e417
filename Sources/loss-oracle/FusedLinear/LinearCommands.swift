internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// `loss-oracle evaluate linear-cross-entropy`: tensors in, exact losses and gradients out.
struct EvaluateLinear: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate-\(linearCrossEntropyName)",
    abstract: "Write the exact loss of a linear layer, and its gradients.",
    discussion: """
      The input is a safetensors file: hidden [rows, d] and weight [classes, d] in 16 or 32 bits, targets [rows] of \
      integers and, perhaps, bias [classes] and grad_output [rows], which gradients without a reduction are \
      multiplied by. The logits hidden · weightᵀ + bias are exact sums of products:

        $ loss-oracle evaluate linear-cross-entropy --input layer.safetensors --output exact.safetensors

      Small layers are lines of JSON, each answered by a line:

        $ echo '{"hidden": [[1, 0.5]], "weight": [[1, 0], [0, 1]], "target": [0]}' | \
            loss-oracle evaluate linear-cross-entropy
        {"values":["0x1.e5747p-2"],"decimals":["0.474077"]}

      Beside these stand bias, grad_output, reduction, with_respect_to (hidden, weight or bias) and the options.

      The output has the tensors loss, [rows] or [1], and on request hidden_gradient, weight_gradient and \
      bias_gradient. The options are \(LossOption.allCases
        .filter(LossOptions.ofLinearCrossEntropy.contains).map(\.rawValue).joined(separator: ", ")).
      """, shouldDisplay: false)

  @Argument(help: "A file of JSON Lines; - is stdin.")
  var lines = "-"

  @Option(help: "The safetensors file to read, in place of lines.")
  var input: String?

  @Option(help: "The safetensors file to write.", transform: OutputFolder.path)
  var output: String?

  @Option(
    help: "The format of the numbers of lines: \(FloatFormat.argumentHelp). (default: float32)")
  var format: FloatFormat?

  @Option(help: "The format of the results. (default: that of the hidden rows)")
  var outputFormat: FloatFormat?

  @OptionGroup var what: LinearArguments

  @Option(
    help:
      "Also the gradients by these: \(LinearParameter.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var gradient: [LinearParameter] = []

  @Option(
    help: "Rounding: \(RoundingDirection.allCases.map(\.rawValue).joined(separator: ", ")).")
  var rounding = RoundingDirection.nearestEven

  func validate() throws {
    guard (input == nil) == (output == nil) else {
      throw ValidationError(
        "--input and --output go together; without them lines of JSON are read.")
    }
    if input != nil, format != nil || lines != "-" {
      throw ValidationError("--format and a file of lines are for lines of JSON.")
    }
    if input == nil,
      what.reduction != nil || what.optionText != nil || what.denominator != nil
        || !gradient.isEmpty
    {
      throw ValidationError(
        "A line of JSON has its own \"reduction\", \"with_respect_to\" and options.")
    }
    if let format, !format.isWithinFloat32 {
      throw ValidationError("A linear layer is in at most 32 bits, not \(format).")
    }
  }

  func run() async throws {
    guard let input, let output else { return try await runOnLines() }
    try run(reading: input, writing: output)
  }

  /// Answers lines, in order; one that cannot be answered gets a message on stderr with its number.
  private func runOnLines() async throws {
    let format = format ?? .float32
    var (lineCount, isFaultless) = (0, true)
    try await InputLines(path: lines).forEachBatch { batch in
      for line in batch.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .dropLast(batch.last == UInt8(ascii: "\n") ? 1 : 0)
      {
        lineCount += 1
        guard line.contains(where: { $0 > 0x20 }) else { continue }
        do {
          let answer = try LinearLine(parsing: line, in: format)
            .answer(in: outputFormat ?? format, rounding: rounding)
          try StandardStream.output.write(String(decoding: answer, as: UTF8.self))
        } catch let error as ExitCode {
          throw error
        } catch {
          isFaultless = false
          try StandardStream.error.write("line \(lineCount): \(error)\n")
        }
      }
    }
    if !isFaultless { throw ExitCode(ExitStatus.badData) }
  }

  private func run(reading input: String, writing output: String) throws {
    let file = try LinearArguments.read(input)
    let settings = try what.settings(file)
    let format = outputFormat ?? file.format
    var tensors = LinearTensors()
    for quantity in LinearQuantity.allCases {
      if let parameter = quantity.parameter, !gradient.contains(parameter) { continue }
      let exact = try LinearArguments.exact(
        quantity, file.input, settings, in: format, rounding: rounding)
      if let error = exact.firstUndecided {
        throw StandardStream.failure(error, status: ExitStatus.badData)
      }
      try tensors.add(
        quantity.rawValue, exact.values, shape: quantity.shape(file.input, settings.reduction))
    }
    try LinearArguments.writing {
      try tensors.write(
        to: output,
        metadata: LinearArguments.metadata(settings, format).merging(
          ["rounding": rounding.rawValue]) { $1 })
    }
  }
}

/// What the commands of the fused loss have in common.
struct LinearArguments: ParsableArguments {
  @Option(help: "none, mean or sum. (default: that of the layer's file, or none)")
  var reduction: Reduction?

  @Option(
    name: .customLong("options"), parsing: .unconditional,
    help:
      "The options, as a JSON object: '{\"ignore_index\": -100}'. (default: those of the layer's file)"
  )
  var optionText: String?

  @Option(
    help: """
      What a mean divides by, by this name or by that of a call that does: \(Denominator.list). (default: \
      weights, or what the options or the layer's file say)
      """)
  var denominator: Denominator?

  /// Arguments that ask `evaluate`, `generate`, `check` or `explain` for this function, as those of a command of its own:
  /// what it takes are files, and no lines and no families of rows.
  static func routed(_ arguments: [String]) -> [String] {
    guard let verb = arguments.first, ["evaluate", "generate", "check", "explain"].contains(verb)
    else {
      return arguments
    }
    var rest = Array(arguments.dropFirst())
    let own = rest.prefix { $0 != "--" }
    if let place = own.firstIndex(of: "--function"),
      own.dropFirst(place + 1).first == linearCrossEntropyName
    {
      rest.removeSubrange(place...place + 1)
    } else if rest.first == linearCrossEntropyName {
      rest.removeFirst()
    } else {
      return arguments
    }
    return ["\(verb)-\(linearCrossEntropyName)"] + rest
  }

  struct Settings {
    let reduction: Reduction
    let options: LossOptions
  }

  /// The options that are given, of a layer in a file those that it tells.
  func options(
    of file: LinearFile? = nil, _ reduction: Reduction, in format: FloatFormat
  ) throws -> LossOptions {
    var options = try givenOptions(in: format) ?? file?.options ?? LossOptions()
    // A file that tells what a mean divides by may be asked for no mean.
    if optionText == nil, reduction != .mean { options.denominator = nil }
    options.denominator = denominator ?? options.denominator
    guard reduction == .mean || options.denominator == nil else {
      throw ValidationError("\(InputError.denominatorWithoutMean)")
    }
    return options
  }

  private func givenOptions(in format: FloatFormat) throws -> LossOptions? {
    guard let optionText else { return nil }
    do {
      let options = try LossOptions(parsing: optionText, for: .crossEntropy, in: format)
      for option in options.present.subtracting(LossOptions.ofLinearCrossEntropy) {
        throw InputError.optionNotFused(option)
      }
      return options
    } catch {
      throw ValidationError("--options: \(error).")
    }
  }

  /// The file's, or what is given instead.
  func settings(_ file: LinearFile) throws -> Settings {
    let reduction = reduction ?? file.reduction ?? .none
    let options = try options(of: file, reduction, in: file.format)
    do {
      try file.input.validate(options)
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.badData)
    }
    return Settings(reduction: reduction, options: options)
  }

  static func read(_ path: String) throws -> LinearFile {
    do {
      return try LinearFile(contentsOf: URL(filePath: path))
    } catch {
      throw error.failure(in: path)
    }
  }

  static func exact(
    _ quantity: LinearQuantity, _ input: LinearInput, _ settings: Settings, in format: FloatFormat,
    rounding: RoundingDirection = .nearestEven
  ) throws -> CertifiedRows {
    do {
      return try quantity.exact(
        input, options: settings.options, reduction: settings.reduction, in: format,
        rounding: rounding)
    } catch {
      throw StandardStream.failure(error.description, status: ExitStatus.badData)
    }
  }

  static func metadata(_ settings: Settings, _ format: FloatFormat) -> [String: String] {
    [
      "generator": "loss-oracle", "version": PackageVersion.current,
      "function": linearCrossEntropyName, "format": format.name,
      "reduction": settings.reduction.rawValue, "options": settings.options.text,
    ]
  }

  static func writing(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as FileWriteError {
      let status =
        if case .cannotCreate = error { ExitStatus.cannotCreate } else {
          ExitStatus.inputOutputError
        }
      throw StandardStream.failure(error.description, status: status)
    } catch let error as SafetensorsError {
      throw StandardStream.failure("\(error)", status: ExitStatus.badData)
    }
  }
}

extension CertifiedRows {
  /// Why a value is undecided, where one is.
  var firstUndecided: String? {
    undecided.min { $0.key < $1.key }.map { "row \($0.key + 1): \($0.value)" }
  }
}

/// `loss-oracle generate linear-cross-entropy`: layers for others to compute.
struct GenerateLinear: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate-\(linearCrossEntropyName)",
    abstract: "Write a linear layer: hidden rows, weights and targets.",
    discussion: """
      The same arguments give the same bytes. What is to be computed of it, evaluate writes and check judges.
      """, shouldDisplay: false)

  @Option(
    help: "One of \(LinearFamily.all.map { "\($0.name) (\($0.purpose))" }.joined(separator: "; "))."
  )
  var family = "normal"

  @Option(help: "The format: \(FloatFormat.argumentHelp).")
  var format = FloatFormat.float32

  @Option(help: "The number of rows, at most 65536.")
  var rows = 16

  @Option(help: "The number of classes, at most 262144.")
  var classes = 1000

  @Option(help: "The number of features, d, at most 8192.")
  var width = 64

  @Flag(help: "With a bias for each class.")
  var bias = false

  @Option(help: "The seed.")
  var seed: UInt64 = 1

  @Option(help: "The file to write, FILE.safetensors.", transform: OutputFolder.path)
  var output: String

  func validate() throws {
    guard LinearFamily.named(family) != nil else {
      throw Suggestion.unknown("family", family, among: LinearFamily.all.map(\.name))
    }
    for (name, count, greatest) in [
      ("--rows", rows, 65536), ("--classes", classes, 262_144), ("--width", width, 8192),
    ] where !(1...greatest).contains(count) {
      throw ValidationError("\(name) must lie between 1 and \(greatest).")
    }
  }

  func run() throws {
    guard let family = LinearFamily.named(family) else { return }
    let input: LinearInput
    do {
      input = try family.input(
        rows: rows, classes: classes, width: width, in: format, hasBias: bias, seed: seed)
    } catch {
      throw ValidationError("\(error)")
    }
    var metadata = [
      "generator": "loss-oracle", "version": PackageVersion.current,
      "function": linearCrossEntropyName, "format": format.name, "family": family.name,
      "seed": String(seed),
    ]
    if !family.options.present.isEmpty { metadata["options"] = family.options.text }
    try LinearArguments.writing {
      var tensors = LinearTensors()
      try tensors.add(input, in: format)
      try tensors.write(to: output, metadata: metadata)
    }
  }
}
