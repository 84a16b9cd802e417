internal import ArgumentParser
internal import Checking
internal import Foundation
internal import LossOracle

/// Options that name a function of a C library.
///
/// They are no group of their own: where a build is not optimized, each level of groups in groups takes the argument
/// parser five times as long.
protocol LibraryOptions {
  /// A C library, loaded in a process of its own.
  var library: String? { get }
  /// The name of the library's function.
  var symbol: String? { get }
}

extension LibraryOptions {
  /// Checks that one does not come without the other.
  func requireBoth() throws {
    guard (library == nil) == (symbol == nil) else {
      throw ValidationError("--library and --symbol go together.")
    }
  }

  /// The library and the name of its function.
  var names: (library: String, symbol: String)? {
    library.flatMap { library in symbol.map { (library, $0) } }
  }

  /// The file, found to be there.
  func find() throws {
    guard let library, !FileManager.default.fileExists(atPath: library) else { return }
    throw StandardStream.failure("there is no library \(library)", status: ExitStatus.noInput)
  }

  /// This command once more, for a library: its crash is no fault of this program, whose backtrace takes a
  /// second each time.
  static func ownCommand() throws -> [String] {
    guard let executable = Bundle.main.executablePath else {
      throw StandardStream.failure(
        "cannot tell where this program is, to run the library in", status: ExitStatus.unavailable)
    }
    return ["/usr/bin/env", "SWIFT_BACKTRACE=enable=no", executable]
  }
}

/// A function of a C library, and how it is called.
struct LibraryArguments: ParsableArguments, LibraryOptions {
  static let libraryHelp = ArgumentHelp("A C library, loaded in a process of its own.")
  static let symbolHelp = ArgumentHelp("The name of the library's function.")

  @Option(help: Self.libraryHelp)
  var library: String?

  @Option(help: Self.symbolHelp)
  var symbol: String?

  @Option(
    help: """
      What the function takes, in order: logits, targets or grad_output, out (pointers to the rows' numbers, \
      labels or what a gradient is multiplied by, and outputs), rows, classes, n (rows × classes), outer and inner (of \
      --class-axis 1, rows = outer × inner) and integers such as -100. targets are int32_t for \
      classes, or with targets:int64 int64_t, and numbers for the functions of one logit; out is of the \
      logits' type, or as in out:float64. One that is told neither rows nor n is called row by row, and \
      may return its output: 'logits, targets, classes -> out:float64'; or take numbers: 'logit -> out', \
      'logit, target -> out'. (default: '\(LibrarySignature.standard.text)')
      """)
  var signature: String?

  /// Checks that they go together, once it is known that a library is meant.
  func requireWhole() throws {
    try requireBoth()
    guard library != nil || signature == nil else {
      throw ValidationError("--signature is for --library.")
    }
    _ = try parsed
  }

  /// What the function takes.
  var parsed: LibrarySignature {
    get throws { try parsed(CheckContract(.crossEntropy, in: .float32)) }
  }

  /// What the function takes, of rows in a layout, and with a gradient where it is to give that, too.
  private func parsed(_ contract: CheckContract) throws -> LibrarySignature {
    let usual: LibrarySignature =
      contract.layout.inner != nil
      ? .strided
      : contract.isJoint ? .joint : contract.options.gradOutput != .none ? .upstream : .standard
    guard let signature else { return usual }
    do {
      return try LibrarySignature(parsing: signature)
    } catch {
      throw ValidationError("--signature: \(error).")
    }
  }

  /// The signature, found to do for a function.
  func signature(for contract: CheckContract) throws -> LibrarySignature {
    let signature = try parsed(contract)
    do {
      try signature.validate(
        for: contract.calledFunction, in: contract.format, layout: contract.layout,
        isJoint: contract.isJoint, gradOutput: contract.options.gradOutput)
    } catch {
      throw ValidationError("--signature: \(error).")
    }
    return signature
  }

  /// The options as they are written on the command line.
  var words: [String] {
    guard let (library, symbol) = names else { return [] }
    return ["--library", library, "--symbol", symbol]
      + (signature.map { ["--signature", $0] } ?? [])
  }

  /// Tells on stderr how the function is called.
  func advise(_ contract: CheckContract) throws {
    guard let symbol else { return }
    let advice = try parsed(contract).advice(
      calling: symbol, contract.calledFunction, in: contract.format)
    try StandardStream.error.write("\n\(advice)\n")
  }
}

extension CheckContract {
  /// The function that is called: of a gradient that comes with its loss, the loss.
  fileprivate var calledFunction: LossFunction {
    isJoint ? function.loss ?? function : function
  }
}
