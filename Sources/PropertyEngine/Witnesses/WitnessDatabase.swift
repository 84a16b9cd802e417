public import FloatFormats
internal import Interchange
public import LossFunctions
internal import Multiprecision
public import SmallFoundation

/// A folder of witnesses, one file a function, that trials replay before anything else.
///
/// A case that broke one implementation is worth trying on every other, in every format: the
/// witnesses are kept by function only.
public struct WitnessDatabase: Sendable {
  /// The folder, which need not exist; nil for the files that the program holds in itself.
  private let folder: URL?

  /// The database of a folder.
  public init(folder: URL) {
    self.folder = folder
  }

  private init() { folder = nil }

  /// What the package ships: the inputs that have broken the built-in implementations.
  public static let shipped = WitnessDatabase()

  /// The cases that are kept for a function, rounded to a format, each once.
  ///
  /// - Throws: Where there is a file that is not one of witnesses.
  public func inputs(
    of function: LossFunction, in format: FloatFormat
  ) throws(WitnessError) -> [LossInput] {
    var inputs: [LossInput] = []
    var seen: Set<LossInput> = []
    for witness in try witnesses(of: function) where witness.reduction == nil {
      let input = try witness.input().rounded(to: format)
      if seen.insert(input).inserted { inputs.append(input) }
    }
    return inputs
  }

  /// The witnesses that are kept for a function.
  ///
  /// - Throws: Where there is a file that is not one of witnesses.
  public func witnesses(of function: LossFunction) throws(WitnessError) -> [WitnessRecord] {
    let name = "\(function.rawValue).json"
    if let folder {
      let file = folder.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path) else { return [] }
      return try WitnessFile(contentsOf: file).witnesses
    }
    return try ShippedFolder.witnesses.data(name).map { data throws(WitnessError) in
      try WitnessFile(decoding: data, path: name).witnesses
    } ?? []
  }

  /// Keeps witnesses; one of a case that is kept already changes nothing.
  ///
  /// - Throws: Where a file cannot be read or written; what is shipped takes none.
  public func add(_ records: [WitnessRecord]) throws(WitnessError) {
    guard let folder else {
      throw .inaccessible(path: "the shipped witnesses", reason: "they are part of the program")
    }
    for function in LossFunction.allCases {
      let new = records.filter { $0.function == function.rawValue }
      guard !new.isEmpty else { continue }
      var kept = try witnesses(of: function)
      for record in new where !kept.contains(where: { $0.isSameCase(as: record) }) {
        kept.append(record)
      }
      kept.sort { $0.sortingKey.lexicographicallyPrecedes($1.sortingKey) }
      try WitnessFile(kept).write(to: folder.appending(path: "\(function.rawValue).json"))
    }
  }
}

extension WitnessRecord {
  /// Whether the two are of one function, row and target, and of the same options and company.
  package func isSameCase(as other: WitnessRecord) -> Bool {
    (function, format, logits) == (other.function, other.format, other.logits)
      && (label, probabilities, batch) == (other.label, other.probabilities, other.batch)
      && (outputFormat, options, gradOutput, targetLogits)
        == (other.outputFormat, other.options, other.gradOutput, other.targetLogits)
      && (reduction, outputs) == (other.reduction, other.outputs)
  }

  fileprivate var sortingKey: [String] {
    [format, failure.rawValue] + logits + ["\(label ?? -1)"] + (probabilities ?? [])
      + (targetLogits ?? []) + (gradOutput ?? [])
  }
}

extension LossInput {
  /// The nearest row in a format.
  func rounded(to format: FloatFormat) -> LossInput {
    func nearest(_ value: FloatValue) -> FloatValue {
      format.contains(value) ? value : format.rounded(value, .nearestEven)
    }
    var row = with(logits: logits.map(nearest))
    if let numbers = target.numbers { row.target = target.with(numbers.map(nearest)) }
    row.gradOutput = gradOutput.map(nearest)
    return row
  }
}
