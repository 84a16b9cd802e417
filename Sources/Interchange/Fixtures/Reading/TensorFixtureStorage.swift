internal import FloatFormats
internal import LossFunctions

/// Rows that stand in tensors `logits`, `probabilities` or `log_probabilities`, `targets`, `grad_output` and
/// `expected`.
struct TensorFixtureStorage: FixtureStorage {
  let function: LossFunction
  let format: FloatFormat
  let options: LossOptions
  let families: [FixtureRows.FamilyRows]
  let count: Int

  private let logits: SafetensorsTensor
  private let targets: SafetensorsTensor?
  private let gradOutput: SafetensorsTensor?
  private let expectedTensor: SafetensorsTensor?
  private let width: Int

  var classCount: Int? { width }

  /// - Parameter function: The function, for a file that does not tell it.
  init(_ file: SafetensorsFile, function: LossFunction?) throws(FixtureError) {
    guard let function = try Self.function(of: file) ?? function else { throw .functionMissing }
    self.function = function
    let input: InputKind
    do throws(SafetensorsError) {
      input = function.inputs.first { file.names.contains($0.tensorName) } ?? .logits
      logits = try file.tensor(input.tensorName)
      guard let format = logits.elementType.format else {
        throw SafetensorsError.wrongType(
          name: input.tensorName, logits.elementType.rawValue, expected: "a floating-point type")
      }
      self.format = format
      (count, width) = try Self.extent(of: logits, isBinary: function.isBinary)
      targets = function.hasTarget ? try file.tensor("targets") : nil
      gradOutput = function.gradOutputKind == .none ? nil : try file.tensor("grad_output")
      try gradOutput?.require(
        shapes: function.gradOutputKind == .classes ? [[count, width]] : [[count], [count, 1]],
        format: format)
      expectedTensor = file.names.contains("expected") ? try file.tensor("expected") : nil
      try Self.check(targets, function: function, format: format, rows: count, classes: width)
      if let expectedTensor {
        let perClass = function.hasOutputPerClass
        try expectedTensor.require(
          shapes: perClass ? [[count, width]] : [[count], [count, 1]], format: nil)
      }
    } catch {
      throw .safetensors(error)
    }
    if let name = file.metadata["format"], name != format.name {
      throw .field("format", problem: "is \(name.shown), and the logits are of \(format)")
    }
    options = try .ofFixtures(file.metadata["options"], input, for: function, in: format)
    families = try Self.families(in: file.metadata, rows: count)
  }

  private static func function(of file: SafetensorsFile) throws(FixtureError) -> LossFunction? {
    guard let name = file.metadata["function"] else { return nil }
    guard let function = LossFunction(rawValue: name) else {
      throw .field("function", problem: "is \(name.shown), which is none of the functions")
    }
    return function
  }

  /// The numbers of rows and of logits in each.
  private static func extent(
    of logits: SafetensorsTensor, isBinary: Bool
  ) throws(SafetensorsError) -> (rows: Int, classes: Int) {
    let shape = logits.shape
    if isBinary, shape.count == 1 || (shape.count == 2 && shape[1] == 1) { return (shape[0], 1) }
    guard !isBinary, shape.count == 2, shape[1] > 0 else {
      throw .wrongShape(
        name: logits.name, shape: shape, expected: isBinary ? "[rows]" : "[rows, classes]")
    }
    return (shape[0], shape[1])
  }

  /// Class indices [rows], or probabilities: [rows] of the binary losses, else [rows, classes].
  private static func check(
    _ targets: SafetensorsTensor?, function: LossFunction, format: FloatFormat, rows: Int,
    classes: Int
  ) throws(SafetensorsError) {
    guard let targets else { return }
    if function.isBinary {
      try targets.require(shapes: [[rows], [rows, 1]], format: format)
    } else if targets.elementType.format == nil {
      try targets.require(shapes: [[rows]], format: nil)
    } else {
      try targets.require(shapes: [[rows, classes]], format: format)
    }
  }

  /// The families that the metadata names, each with its number of rows.
  private static func families(
    in metadata: [String: String], rows: Int
  ) throws(FixtureError) -> [FixtureRows.FamilyRows] {
    guard let list = metadata["family"] else { return [] }
    let names = list.split(separator: ",").map(String.init)
    guard let counts = metadata["family_rows"] else {
      return names.count == 1 ? [.init(name: names[0], count: rows)] : []
    }
    var families: [FixtureRows.FamilyRows] = []
    var total = 0
    let parts = counts.split(separator: ",", maxSplits: names.count)
    for (name, part) in zip(names, parts) {
      guard let count = Int(part), (0...rows - total).contains(count) else { break }
      families.append(.init(name: name, count: count))
      total += count
    }
    guard families.count == names.count, parts.count == names.count, total == rows else {
      throw .field("family_rows", problem: "does not share the \(rows) rows among the families")
    }
    return families
  }

  func rows(_ range: Range<Int>) throws(FixtureError) -> [PlacedRows] {
    let numbers = range.lowerBound * width..<range.upperBound * width
    let rows: LossRows
    do {
      let logits = try logits.column(numbers)
      if let targets, targets.elementType.format == nil {
        let labels = try targets.integers(in: range)
        if let row = labels.firstIndex(where: { Int32(exactly: $0) == nil }) {
          throw FixtureError.row(
            range.lowerBound + row, .labelOutOfRange(label: labels[row], classCount: width))
        }
        rows = LossRows(classCount: width, logits: logits, labels: labels.map { Int32($0) })
      } else {
        let each = function.gradOutputCount(classCount: width)
        rows = LossRows(
          classCount: width, logits: logits, probabilities: try targets?.column(numbers),
          gradOutputs: try gradOutput?.column(range.lowerBound * each..<range.upperBound * each))
      }
    } catch let error as FixtureError {
      throw error
    } catch let error as SafetensorsError {
      throw .safetensors(error)
    } catch {
      throw .raggedRows
    }
    return [PlacedRows(rows, places: Array(range))]
  }

  func expected(_ index: Int) throws(FixtureError) -> [FloatValue]? {
    guard let expectedTensor else { return nil }
    let outputCount = function.hasOutputPerClass ? width : 1
    do {
      return try expectedTensor.values(in: index * outputCount..<(index + 1) * outputCount)
    } catch {
      throw .safetensors(error)
    }
  }
}

extension SafetensorsTensor {
  /// Requires one of some shapes, and the elements of a format where one is given.
  fileprivate func require(
    shapes: [[Int]], format: FloatFormat?
  ) throws(SafetensorsError) {
    guard shapes.contains(shape) else {
      throw .wrongShape(name: name, shape: shape, expected: "\(shapes[0])")
    }
    if let format, elementType.format != format {
      throw .wrongType(name: name, elementType.rawValue, expected: "that of \(format)")
    }
  }
}
