internal import FloatFormats
internal import Foundation
internal import Interchange

/// Rows of features with labels.
struct TrainingData: Sendable {
  let name: String
  let features: [[Float]]
  let labels: [Int]
  let classCount: Int

  /// One output is enough for two classes.
  var outputCount: Int { classCount == 2 ? 1 : classCount }

  /// Reads a file of `Fixtures/data`.
  ///
  /// - Throws: `FileAccessError` where none of that name is shipped.
  init(_ name: String) throws {
    let path = "\(name).safetensors"
    let file = try ShippedFolder.trainingData.safetensors(path)
    let tensor = try file.tensor("features")
    let values = try tensor.values().map { Float($0.double) }
    labels = try file.tensor("labels").integers()
    guard let rowCount = tensor.shape.first, rowCount == labels.count, rowCount > 0,
      let greatest = labels.max(), labels.allSatisfy({ $0 >= 0 })
    else { throw FileAccessError.unreadable(path: path, reason: "it has no rows") }
    let width = values.count / rowCount
    self.name = name
    features = (0..<rowCount).map { Array(values[$0 * width..<($0 + 1) * width]) }
    classCount = greatest + 1
  }
}
