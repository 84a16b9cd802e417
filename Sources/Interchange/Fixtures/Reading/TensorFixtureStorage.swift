internal import FloatFormats
internal import LossFunctions

/// Rows that stand in tensors `logits`, `probabilities` or `log_probabilities`, `targets` or `target_logits`,
/// `grad_output` and `expected`.
struct TensorFixtureStorage: FixtureStorage {
  let function: LossFunction
  let format: FloatFormat
  let options: LossOptions
  let families: [FixtureRows.FamilyRows]
  let count: Int
  let layout: RowLayout
  let rowShape: [Int]
  let classAxis: Int

  private let logits: SafetensorsTensor
  private let targets: SafetensorsTensor?
  private let hasTargetLogits: Bool
  private let gradOutput: SafetensorsTensor?
  /// The numbers of it that go with a row.
  private let gradOutputCount: Int
  private let expectedTensor: SafetensorsTensor?
  private let width: Int

  var classCount: Int? { width }

  /// - Parameters:
  ///   - function: The function, for a file that does not tell it.
  ///   - classAxis: 0 where the classes are first, for a file that does not tell it.
  init(
    _ file: SafetensorsFile, function: LossFunction?, classAxis: Int? = nil
  ) throws(FixtureError) {
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
      let told = file.metadata["class_axis"]
      let isFirst = told.map { $0 == "0" } ?? (classAxis == 0)
      (rowShape, width) = try Self.extent(
        of: logits, isBinary: function.isBinary, classesFirst: isFirst)
      self.classAxis = isFirst ? 0 : 1
      count = rowShape.reduce(1, *)
      let perRow = rowShape.count > 1 ? [rowShape] : [[count], [count, 1]]
      let (perClass, rowShape, place) = (logits.shape, rowShape, self.classAxis)
      func of(_ each: Int) -> [Int] { rowShape[..<place] + [each] + rowShape[place...] }
      layout =
        isFirst
        ? RowLayout(inner: count)
        : RowLayout(inner: logits.shape.count > 2 ? count / max(rowShape[0], 1) : nil)
      hasTargetLogits =
        function.comparesLogits
        || function.targetKinds.contains(.logits) && !file.names.contains("targets")
          && file.names.contains("target_logits")
      targets =
        function.hasTarget ? try file.tensor(hasTargetLogits ? "target_logits" : "targets") : nil
      // Of the gradient of a loss it says by itself that it is an option.
      let isOption = function.mayHaveGradOutput && file.names.contains("grad_output")
      let kind = isOption ? GradOutputKind.row : function.gradOutputKind
      gradOutputCount = isOption ? 1 : function.gradOutputCount(classCount: width)
      gradOutput = kind == .none ? nil : try file.tensor(kind.fieldName)
      try gradOutput?.require(
        shapes: kind == .row ? perRow : [of(gradOutputCount)],
        format: format)
      expectedTensor = file.names.contains("expected") ? try file.tensor("expected") : nil
      if let targets {
        let areLabels =
          targets.elementType.format == nil && !function.isBinary && !hasTargetLogits
        try targets.require(
          shapes: areLabels ? [rowShape] : function.isBinary ? perRow : [perClass],
          format: areLabels ? nil : format)
      }
      try expectedTensor?.require(
        shapes: function.hasOutputList
          ? [of(function.outputCount(classCount: width))] : perRow, format: nil)
    } catch {
      throw .safetensors(error)
    }
    if let name = file.metadata["format"], name != format.name {
      throw .field("format", problem: "is \(name.shown), and the logits are of \(format)")
    }
    // What is not said is told by the number of axes.
    let axis = self.classAxis == 0 ? "0" : layout.inner == nil ? "last" : "1"
    if let told = file.metadata["class_axis"], told != axis {
      throw .field(
        "class_axis",
        problem: "is \(told.shown), and the logits have the shape \(logits.shape.shown)")
    }
    var options = try LossOptions.ofFixtures(
      file.metadata["options"], input, for: function, in: format)
    if function.mayHaveGradOutput { options.gradOutput = gradOutput == nil ? .none : .row }
    self.options = options
    families = try Self.families(in: file.metadata, rows: count)
  }

  private static func function(of file: SafetensorsFile) throws(FixtureError) -> LossFunction? {
    guard let name = file.metadata["function"] else { return nil }
    guard let function = LossFunction(rawValue: name) else {
      throw .field("function", problem: "is \(name.shown), which is none of the functions")
    }
    return function
  }

  /// The extents of the rows, and the number of logits in each: the classes are the first or the second axis of any
  /// number.
  private static func extent(
    of logits: SafetensorsTensor, isBinary: Bool, classesFirst: Bool
  ) throws(SafetensorsError) -> (rows: [Int], classes: Int) {
    let shape = logits.shape
    if isBinary, shape.count == 1 || (shape.count == 2 && shape[1] == 1) { return ([shape[0]], 1) }
    let axis = classesFirst ? 0 : 1
    guard !isBinary, (2...greatestRank).contains(shape.count),
      shape[axis...].allSatisfy({ $0 > 0 })
    else {
      throw .wrongShape(
        name: logits.name, shape: shape,
        expected: isBinary ? "[rows]" : "[rows, classes], or [outer, classes, inner]")
    }
    return (Array(shape[..<axis] + shape[(axis + 1)...]), shape[axis])
  }

  /// As many axes as frameworks have.
  private static let greatestRank = 8

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
    let rows: LossRows
    do {
      let logits = try column(of: logits, range, each: width)
      let gradOutputs = try gradOutput.map { try column(of: $0, range, each: gradOutputCount) }
      if let targets, targets.elementType.format == nil {
        let labels = try targets.integers(in: range)
        if let row = labels.firstIndex(where: { Int32(exactly: $0) == nil }) {
          throw FixtureError.row(
            range.lowerBound + row, .labelOutOfRange(label: labels[row], classCount: width))
        }
        rows = LossRows(
          classCount: width, logits: logits, labels: labels.map { Int32($0) },
          gradOutputs: gradOutputs)
      } else {
        rows = LossRows(
          classCount: width, logits: logits,
          probabilities: hasTargetLogits
            ? nil : try targets.map { try column(of: $0, range, each: width) },
          targetLogits: hasTargetLogits
            ? try targets.map { try column(of: $0, range, each: width) } : nil,
          gradOutputs: gradOutputs)
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
    let outputCount = function.outputCount(classCount: width)
    do {
      return try column(of: expectedTensor, index..<index + 1, each: outputCount)[0..<outputCount]
    } catch {
      throw .safetensors(error)
    }
  }

  private func column(
    of tensor: SafetensorsTensor, _ rows: Range<Int>, each: Int
  ) throws(SafetensorsError) -> NumberColumn {
    try layout.column(of: rows, each: each) { places throws(SafetensorsError) in
      try tensor.column(places)
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
