internal import FloatFormats
public import LossFunctions
public import Losses
internal import SmallFoundation

/// A function of a C library as an implementation, called in this process.
///
/// Outputs of a call that has written beyond them are NaN.
public struct LibraryImplementation: Implementation {
  public let name: String
  public let function: LossFunction
  public let formula: String
  public let source: String
  private let kernel: LibraryKernel
  private let given: LossOptions

  /// A function of the library at a path, under options.
  ///
  /// - Parameter signature: Takes a `grad_output` beside targets where the options have one.
  /// - Throws: `ProgramError.cannotStart`.
  public init(
    _ function: LossFunction, library: String, symbol: String,
    signature: LibrarySignature = .standard, options: LossOptions = LossOptions()
  ) throws(ProgramError) {
    kernel = try LibraryKernel(library: library, symbol: symbol, signature: signature)
    name = symbol
    self.function = function
    given = options
    // Another library of the same name is another implementation.
    let bytes = FileManager.default.contents(atPath: library) ?? Data()
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let file = URL(filePath: library).lastPathComponent
    formula = "\(file), FNV-1a \(hash.hexadecimalDigits)"
    source = library
  }

  public func options(classCount: Int) -> LossOptions { given }

  /// What it has done that a function of values may not, and how often.
  public var misdeeds: [String] { kernel.misdeeds }

  /// How long the call has taken that has taken longest and not returned yet.
  public var longestCall: Duration { kernel.longestCall }

  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    guard [.float16, .bfloat16, .float32].contains(rows.format),
      kernel.signature.outputFormat(rows.format) == rows.format
    else { return nil }
    let (logits, targets) = (rows.logits.encoded, targets(of: rows))
    let gradOutputs = rows.gradOutputs.encoded
    let outputsPerRow = function.outputCount(classCount: rows.classCount)
    var values: NumberColumn?
    logits.withUnsafeBytes { logits in
      targets.withUnsafeBytes { targets in
        gradOutputs.withUnsafeBytes { gradOutputs in
          _ = kernel.call(
            logits: logits, targets: targets,
            gradOutput: given.gradOutput == .none ? nil : gradOutputs, rows: rows.count,
            classes: rows.classCount, outputSize: outputsPerRow * rows.format.byteCount
          ) { values = NumberColumn(rows.format, decoding: $0) }
        }
      }
    }
    return ComputedRows(
      values: values
        ?? NumberColumn(rows.format, repeating: .nan, count: rows.count * outputsPerRow))
  }

  private func targets(of rows: LossRows) -> [UInt8] {
    switch rows.targetKind {
    case .none: rows.gradOutputs.encoded
    case .index: rows.labels.withUnsafeBytes { [UInt8]($0) }
    case .probabilities, .logits: rows.probabilities.encoded
    }
  }
}
