internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// A program or a library that is asked about layers, and which layers.
struct LinearLiveArguments: ParsableArguments, LibraryOptions {
  @Option(help: LibraryArguments.libraryHelp)
  var library: String?

  @Option(help: LibraryArguments.symbolHelp)
  var symbol: String?

  @Option(
    help: """
      What the library's function computes: \(LinearQuantity.allCases.map(\.rawValue).joined(separator: ", ")). \
      (default: loss)
      """)
  var of: LinearQuantity?

  @Option(
    help: """
      What it takes, in order: hidden, weight, bias and grad_output (NULL where there is none), targets (int32_t, or \
      targets:int64), out (of the layer's type, or out:float64), rows, classes, width. --options say \
      what it does by itself. (default: '\(LibrarySignature.layer.text)')
      """)
  var signature: String?

  @Option(help: "The format of the layer: \(FloatFormat.argumentHelp). (default: float32)")
  var format: FloatFormat?

  @Option(help: "The format of the outputs. (default: that of the layer)")
  var outputFormat: FloatFormat?

  @Option(
    name: .customLong("family"),
    help:
      "Only this family (repeatable): \(LinearFamily.all.map(\.name).joined(separator: ", ")).")
  var familyNames: [String] = []

  @Option(help: "The number of layers of each family.")
  var cases: Int?

  @Option(help: "The seed.")
  var seed: UInt64?

  @Option(help: "How many seconds one request may take.")
  var timeout = 5.0

  @Option(help: "How many seconds a program may take to start and to answer a first request.")
  var startTimeout = 60.0

  @Option(help: "How many seconds the whole check may take. (default: no limit)")
  var budget: Double?

  @Option(
    name: [.customLong("save-witness"), .customLong("save-layer")],
    help: "A safetensors file to write the shrunk layer of the first finding to.",
    transform: OutputFolder.path)
  var saveWitness: String?

  @Option(help: "Check only the layer of such a file. It says what was asked of it.")
  var replay: String?

  func validate() throws {
    try requireBoth()
    guard library != nil || (signature == nil && of == nil) else {
      throw ValidationError("--signature and --of are for --library.")
    }
    guard (1...100_000).contains(cases ?? 1) else {
      throw ValidationError("--cases must lie between 1 and 100000.")
    }
    guard timeout > 0, timeout <= 3600, startTimeout > 0, startTimeout <= 3600 else {
      throw ValidationError("--timeout and --start-timeout must lie between 0 and 3600 seconds.")
    }
    if let budget, !(budget > 0 && budget <= 86400) {
      throw ValidationError("--budget must lie between 0 and 86400 seconds.")
    }
    if let outputFormat, !outputFormat.isWithinFloat64 {
      throw ValidationError("Outputs are in at most 64 bits, not \(outputFormat).")
    }
    _ = try parsedSignature
    guard replay == nil || (familyNames.isEmpty && cases == nil && seed == nil && format == nil)
    else {
      throw ValidationError(
        "--replay has a layer: --format, --family, --cases and --seed make others.")
    }
    for name in familyNames where LinearFamily.named(name) == nil {
      throw Suggestion.unknown("family", name, among: LinearFamily.all.map(\.name))
    }
  }

  /// Refuses what goes with files only of what is asked.
  func requireNone() throws {
    guard format == nil, outputFormat == nil, familyNames.isEmpty, cases == nil, seed == nil,
      saveWitness == nil, replay == nil
    else {
      throw ValidationError(
        "--format, --output-format, --family, --cases, --seed, --save-witness and --replay are for programs and "
          + "libraries.")
    }
  }

  private var parsedSignature: LibrarySignature {
    get throws {
      guard let signature else { return .layer }
      do {
        let parsed = try LibrarySignature(parsing: signature)
        try parsed.validateForLayers()
        return parsed
      } catch {
        throw ValidationError("--signature: \(error).")
      }
    }
  }

  /// The layers, or the one that is replayed.
  func plan(_ contract: LinearContract, replaying file: LinearFile?) throws -> LinearPlan {
    var plan = LinearPlan(caseCount: cases ?? 8, seed: seed ?? 1)
    if !familyNames.isEmpty { plan.families = familyNames.compactMap(LinearFamily.named) }
    if let file {
      (plan.families, plan.known) = ([], [file.input])
      if let quantity = file.quantity { plan.quantities = [quantity] }
    }
    if library != nil {
      let kept = file?.quantity
      guard kept == nil || of == nil || kept == of else {
        throw ValidationError(
          "The layer to replay is one of \(kept?.rawValue ?? ""): leave out --of.")
      }
      plan.quantities = [kept ?? of ?? .loss]
      // Of a library no label is one that is ignored.
      if familyNames.isEmpty { plan.families.removeAll { !$0.options.present.isEmpty } }
    }
    return plan
  }

  /// What is checked, as it is written on the command line.
  func words(_ command: [String]) -> [String] {
    guard let (library, symbol) = names else { return ["--"] + command }
    return ["--library", library, "--symbol", symbol]
      + (signature.map { ["--signature", $0] } ?? [])
  }

  /// The program, or this one, which serves a library to itself.
  func programCommand(_ command: [String], _ plan: LinearPlan) throws -> [String] {
    guard let (library, symbol) = names else { return command }
    try find()
    return try Self.ownCommand() + [
      "serve-library", library, symbol, parsedSignature.text, "--of", plan.quantities[0].rawValue,
    ]
  }
}
