public import FloatFormats
package import LossFunctions
public import SmallFoundation

/// Outputs that an implementation computed elsewhere: the tensor `outputs` of a safetensors file, or
/// an array of NumPy's. A row is read when it is asked for.
public struct OutputsFile: Sendable {
  private enum Storage: Sendable {
    case tensor(SafetensorsTensor)
    case array(NPYFile)
  }

  /// The format of the outputs.
  public let format: FloatFormat
  /// The shape: [rows], [rows, outputs], or that of logits whose classes are on axis 1, with or without these.
  public let shape: [Int]
  private let storage: Storage
  /// The number of all outputs.
  private var count: Int {
    switch storage {
    case .tensor(let tensor): tensor.count
    case .array(let array): array.count
    }
  }

  /// The number of rows.
  public var rowCount: Int { shape[0] }
  /// The number of outputs of each row.
  public var outputCount: Int {
    shape.count == 1 ? 1 : shape.count == 2 ? shape[1] : count / max(shape[0], 1)
  }

  /// Opens a file of outputs, `.safetensors` or `.npy`.
  ///
  /// - Parameter name: The tensor that they are in.
  /// - Throws: What is wrong with the file.
  public init(contentsOf url: URL, named name: String = "outputs") throws(FixtureError) {
    switch url.pathExtension.lowercased() {
    case "safetensors": try self.init(safetensors: FileBytes.reading(url), named: name)
    case "npy": try self.init(npy: FileBytes.reading(url))
    default:
      throw .unknownKind(name: url.lastPathComponent, known: [".safetensors", ".npy"])
    }
  }

  /// Reads the bytes of a safetensors file.
  public init(safetensors data: Data) throws(FixtureError) {
    try self.init(safetensors: FileBytes(data))
  }

  /// Whether a file has the tensors `loss` and `gradient`, which one call gave, in place of `outputs`.
  public static func isJoint(_ url: URL) -> Bool {
    guard url.pathExtension.lowercased() == "safetensors", let bytes = try? FileBytes.reading(url),
      let names = try? SafetensorsFile(bytes).names
    else { return false }
    return Set(["loss", "gradient"]).isSubset(of: names) && !names.contains("outputs")
  }

  private init(
    safetensors bytes: FileBytes, named name: String = "outputs"
  ) throws(FixtureError) {
    let tensor: SafetensorsTensor
    do {
      tensor = try SafetensorsFile(bytes).tensor(name)
    } catch {
      throw .safetensors(error)
    }
    guard let format = tensor.elementType.format else {
      throw .safetensors(
        .wrongType(
          name: name, tensor.elementType.rawValue, expected: "a floating-point type"))
    }
    try self.init(.tensor(tensor), format: format, shape: tensor.shape)
  }

  /// Reads the bytes of a `.npy` file.
  public init(npy data: Data) throws(FixtureError) { try self.init(npy: FileBytes(data)) }

  private init(npy bytes: FileBytes) throws(FixtureError) {
    let array: NPYFile
    do {
      array = try NPYFile(bytes)
    } catch {
      throw .npy(error)
    }
    try self.init(.array(array), format: array.format, shape: array.shape)
  }

  private init(_ storage: Storage, format: FloatFormat, shape: [Int]) throws(FixtureError) {
    guard (1...8).contains(shape.count) else {
      throw .field(
        "outputs", problem: "has the shape \(shape.shown), not [rows] or [rows, classes]")
    }
    self.storage = storage
    self.format = format
    self.shape = shape
  }

  /// Requires as many rows, and outputs of each, as fixtures ask for.
  ///
  /// - Throws: `outputShape`, or `raggedRows` where no shape would do.
  public func requireShape(of fixtures: FixtureRows) throws(FixtureError) {
    let (count, isPerClass) = (try fixtures.outputCount, fixtures.function.hasOutputList)
    var expected = fixtures.rowShape
    if isPerClass { expected.insert(count, at: fixtures.classAxis) }
    // In a plain list of rows an axis of one number may be left out, or stand there for one.
    let isOne = count == 1 && fixtures.rowShape.count == 1
    let others = isOne ? [[fixtures.count], [fixtures.count, 1]] : []
    guard shape == expected || others.contains(shape) else {
      throw .outputShape(found: shape, expected: expected)
    }
  }

  /// The outputs of the row with an index below `rowCount`.
  public subscript(row: Int) -> [FloatValue] {
    get throws(FixtureError) { try column(row..<row + 1)[0..<outputCount] }
  }

  /// The outputs of rows with indices below `rowCount`.
  package func column(_ rows: Range<Int>) throws(FixtureError) -> NumberColumn {
    try numbers(rows.lowerBound * outputCount..<rows.upperBound * outputCount)
  }

  /// The outputs of some of the rows of fixtures that these are of the shape of.
  package func column(
    _ rows: Range<Int>, of fixtures: FixtureRows
  ) throws(FixtureError) -> NumberColumn {
    try fixtures.layout.column(of: rows, each: try fixtures.outputCount) {
      places throws(FixtureError) in try numbers(places)
    }
  }

  /// All outputs row by row, so many of each where the rows have any.
  package func all(each: Int, in layout: RowLayout) throws(FixtureError) -> NumberColumn {
    let column = try numbers(0..<count)
    return count.isMultiple(of: each * (layout.inner ?? 1))
      ? column.rowByRow(layout, each: each) : column
  }

  private func numbers(_ range: Range<Int>) throws(FixtureError) -> NumberColumn {
    switch storage {
    case .array(let array):
      do {
        return try array.column(range)
      } catch {
        throw .npy(error)
      }
    case .tensor(let tensor):
      do {
        return try tensor.column(range)
      } catch {
        throw .safetensors(error)
      }
    }
  }
}
