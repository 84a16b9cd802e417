public import Cases
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
public import SmallFoundation

/// Logits and labels of a classifier that was trained on real data.
public struct TrainedLogits: Sendable {
  /// The name of the family: the file's name without its extension.
  public let name: String
  /// Where the logits come from.
  public let provenance: String
  /// Whether there is one logit a row.
  public let isBinary: Bool
  /// The rows.
  let rows: [LossInput]

  /// Reads a file with tensors `logits` [rows, classes] or [rows], and `targets` [rows].
  ///
  /// - Throws: `SafetensorsError`, or Foundation's error where the file cannot be read.
  public init(contentsOf url: URL) throws {
    try self.init(
      named: url.deletingPathExtension().lastPathComponent, SafetensorsFile.open(url))
  }

  private init(named name: String, _ file: SafetensorsFile) throws {
    let logits = try file.tensor("logits")
    let targets = try file.tensor("targets")
    let values = try logits.values()
    self.name = name
    provenance = file.metadata["dataset"] ?? "unknown data"
    guard let rowCount = logits.shape.first, targets.shape == [rowCount] else {
      throw SafetensorsError.wrongShape(
        name: "targets", shape: targets.shape, expected: "[rows], as many as logits has")
    }
    guard rowCount > 0 else {
      throw SafetensorsError.wrongShape(
        name: "logits", shape: logits.shape, expected: "of at least one row")
    }
    switch logits.shape.count {
    case 1:
      isBinary = true
      let labels = try targets.values()
      if let index = labels.firstIndex(where: { !(0...1).contains($0.double) }) {
        throw SafetensorsError.wrongValue(
          name: "targets", index: index, expected: "a probability from 0 to 1")
      }
      rows = zip(values, labels).map { LossInput(logits: [$0], target: .probabilities([$1])) }
    case 2 where logits.shape[1] > 0:
      isBinary = false
      let classCount = logits.shape[1]
      let labels = try targets.integers()
      if let index = labels.firstIndex(where: { !(0..<classCount).contains($0) }) {
        throw SafetensorsError.wrongValue(
          name: "targets", index: index, expected: "a label from 0 to \(classCount - 1)")
      }
      rows = labels.enumerated().map { index, label in
        let row = values[index * classCount..<(index + 1) * classCount]
        return LossInput(logits: Array(row), target: .index(label))
      }
    default:
      throw SafetensorsError.wrongShape(
        name: "logits", shape: logits.shape, expected: "[rows] or [rows, classes]")
    }
  }

  /// Those of the classifiers that the package ships, by name.
  ///
  /// - Throws: What is wrong with a file of theirs.
  public static func shipped() throws -> [TrainedLogits] {
    try ShippedFolder.logits.names.map { name in
      try TrainedLogits(named: name, ShippedFolder.logits.safetensors("\(name).safetensors"))
    }
  }

  /// The family of these rows, for the functions that take as many logits.
  public var family: Family {
    let (rows, isBinary) = (rows, isBinary)
    return Family(
      name: name, purpose: "logits of a classifier trained on \(provenance)",
      suits: { $0.isBinary == isBinary }, count: rows.count
    ) { shape, index in
      let row = rows[index % rows.count]
      let logits = row.logits.map { shape.format.rounded($0, .nearestEven) }
      return LossInput(logits: logits, target: shape.function.hasTarget ? row.target : .none)
    }
  }
}
