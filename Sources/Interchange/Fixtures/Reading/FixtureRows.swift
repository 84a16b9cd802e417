public import FloatFormats
public import LossFunctions
public import SmallFoundation

/// The rows of a file of fixtures: inputs of a function, and the expected values where it has them.
///
/// Of a safetensors file a row is read when it is asked for, so that a file of any size is opened at
/// once. JSON is read whole.
public struct FixtureRows: Sendable {
  /// Consecutive rows of one family of cases.
  public struct FamilyRows: Hashable, Sendable {
    /// The family's name.
    public let name: String
    /// How many rows there are.
    public let count: Int
  }

  /// The function.
  public private(set) var function: LossFunction
  /// The format of the inputs and of the expected values.
  public let format: FloatFormat
  /// The options of the function, the same for all rows.
  public private(set) var options: LossOptions
  /// Which families the rows are from, in the order of the rows; empty where the file does not tell.
  public let families: [FamilyRows]
  /// The number of logits that each row has; nil where they differ.
  public let classCount: Int?
  /// The number of rows, at least 1 unless none were said to be no error.
  public let count: Int
  /// How the rows stand in the tensors, and outputs with them.
  public let layout: RowLayout
  /// The shape of outputs with one number for each row: [rows], or that of the logits without their classes.
  let rowShape: [Int]
  /// The axis of the classes in tensors of rows of them, 0 or 1.
  public let classAxis: Int

  private let storage: any FixtureStorage

  /// Opens a file of fixtures, `.json` or `.safetensors`.
  ///
  /// - Parameters:
  ///   - function: The function that is wanted: an error where the file is for another. A file
  ///     without metadata, of tensors `logits` and `targets` alone, needs it.
  ///   - classAxis: 0 where such a file has the classes on the first axis.
  ///   - mayBeEmpty: Whether tensors of no rows are no error: they have a sum and a mean.
  /// - Throws: What is wrong with the file.
  public init(
    contentsOf url: URL, for function: LossFunction? = nil, classAxis: Int? = nil,
    mayBeEmpty: Bool = false
  ) throws(FixtureError) {
    switch url.pathExtension.lowercased() {
    case "json": try self.init(json: FileBytes.reading(url), for: function)
    case "safetensors":
      try self.init(
        safetensors: FileBytes.reading(url), for: function, classAxis, mayBeEmpty: mayBeEmpty)
    default:
      throw .unknownKind(name: url.lastPathComponent, known: [".json", ".safetensors"])
    }
  }

  /// Reads the bytes of a JSON file.
  public init(json data: Data, for function: LossFunction? = nil) throws(FixtureError) {
    try self.init(json: FileBytes(data), for: function)
  }

  private init(json bytes: FileBytes, for function: LossFunction?) throws(FixtureError) {
    try self.init(JSONFixtureStorage(bytes), wanted: function)
  }

  /// Reads the bytes of a safetensors file.
  public init(safetensors data: Data, for function: LossFunction? = nil) throws(FixtureError) {
    try self.init(safetensors: FileBytes(data), for: function)
  }

  private init(
    safetensors bytes: FileBytes, for function: LossFunction?, _ classAxis: Int? = nil,
    mayBeEmpty: Bool = false
  ) throws(FixtureError) {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(bytes)
    } catch {
      throw .safetensors(error)
    }
    try self.init(
      TensorFixtureStorage(file, function: function, classAxis: classAxis), wanted: function,
      mayBeEmpty: mayBeEmpty)
  }

  private init(
    _ storage: any FixtureStorage, wanted: LossFunction?, mayBeEmpty: Bool = false
  ) throws(FixtureError) {
    if let wanted, wanted != storage.function {
      throw .otherFunction(found: storage.function, wanted: wanted)
    }
    guard storage.count > 0 || mayBeEmpty else { throw .noRows }
    function = storage.function
    format = storage.format
    options = storage.options
    families = storage.families
    classCount = storage.classCount
    count = storage.count
    layout = storage.layout
    rowShape = storage.rowShape
    classAxis = storage.classAxis
    self.storage = storage
  }

  /// The same rows as those of the gradient of their loss; nil where they are of no loss.
  package var ofGradient: FixtureRows? {
    guard let gradient = function.gradient, function.loss == nil else { return nil }
    var rows = self
    rows.function = gradient
    return rows
  }

  /// The same rows by other options: those given for a file that tells none.
  package func with(_ options: LossOptions) -> FixtureRows {
    var rows = self
    rows.options = options
    return rows
  }

  /// The row with an index below `count`, which the function is defined for.
  public subscript(index: Int) -> LossInput {
    get throws(FixtureError) { try inputs(index..<index + 1)[0] }
  }

  /// Rows with indices below `count`, which the function is defined for.
  package func inputs(_ range: Range<Int>) throws(FixtureError) -> [LossInput] {
    let batches = try rows(range)
    var inputs = Array(repeating: LossInput(logits: []), count: range.count)
    for batch in batches {
      for (row, place) in batch.places.enumerated() {
        inputs[place - range.lowerBound] = batch.rows[row]
      }
    }
    return inputs
  }

  /// The same in batches of one shape each, with their indices as places.
  package func rows(_ range: Range<Int>) throws(FixtureError) -> [PlacedRows] {
    let batches = try storage.rows(range)
    for batch in batches {
      do {
        try function.validate(batch.rows, options)
      } catch {
        throw .row(batch.places[error.row], error.error)
      }
    }
    return batches
  }

  /// The expected outputs of a row as the file has them; nil where it has none.
  public func expected(_ index: Int) throws(FixtureError) -> [FloatValue]? {
    try storage.expected(index)
  }

  /// The name of the family that a row is from; nil where the file does not tell.
  public func familyName(_ index: Int) -> String? {
    var rest = index
    for family in families {
      if rest < family.count { return family.name }
      rest -= family.count
    }
    return nil
  }

  /// The number of outputs of each row.
  ///
  /// - Throws: `raggedRows` where they differ.
  public var outputCount: Int {
    get throws(FixtureError) {
      guard function.hasOutputPerClass else { return function.outputCount(classCount: 1) }
      guard let classCount else { throw .raggedRows }
      return classCount
    }
  }
}

/// Where the rows come from.
protocol FixtureStorage: Sendable {
  var function: LossFunction { get }
  var format: FloatFormat { get }
  /// The options of the function, and what the numbers of the rows are.
  var options: LossOptions { get }
  var families: [FixtureRows.FamilyRows] { get }
  var classCount: Int? { get }
  var count: Int { get }
  var layout: RowLayout { get }
  var rowShape: [Int] { get }
  var classAxis: Int { get }

  func rows(_ range: Range<Int>) throws(FixtureError) -> [PlacedRows]
  func expected(_ index: Int) throws(FixtureError) -> [FloatValue]?
}

extension FixtureStorage {
  var layout: RowLayout { .classesLast }
  var rowShape: [Int] { [count] }
  var classAxis: Int { 1 }
}

extension RowLayout {
  /// The rows of the blocks that some rows lie in.
  func blocks(of rows: Range<Int>) -> Range<Int> {
    filled(rows.lowerBound + 1) - (inner ?? 1)..<filled(rows.upperBound)
  }

  /// Numbers of some rows, so many for each, out of an array that is read by the places of its numbers.
  func column<Failure: Error>(
    of rows: Range<Int>, each: Int,
    read: (Range<Int>) throws(Failure) -> NumberColumn
  ) throws(Failure) -> NumberColumn {
    guard inner != nil, each > 1 else {
      return try read(rows.lowerBound * each..<rows.upperBound * each)
    }
    let blocks = blocks(of: rows)
    if blocks.count == inner, rows.count < blocks.count {
      // Of one block, which may be all rows, what each class has of these.
      var column: NumberColumn?
      for index in 0..<each {
        let start = blocks.lowerBound * each + index * blocks.count
        let places = rows.lowerBound - blocks.lowerBound..<rows.upperBound - blocks.lowerBound
        let part = try read(start + places.lowerBound..<start + places.upperBound)
        if column == nil { column = NumberColumn(part.format) }
        column?.append(part, 0..<part.count)
      }
      if let column { return column.rowByRow(RowLayout(inner: rows.count), each: each) }
    }
    let column = try read(blocks.lowerBound * each..<blocks.upperBound * each)
    let start = (rows.lowerBound - blocks.lowerBound) * each
    var part = NumberColumn(column.format)
    part.append(column.rowByRow(self, each: each), start..<start + rows.count * each)
    return part
  }
}

extension FileBytes {
  /// The bytes of a file of fixtures or of outputs.
  static func reading(_ url: URL) throws(FixtureError) -> FileBytes {
    do {
      return try FileBytes(contentsOf: url)
    } catch {
      throw .access(error)
    }
  }
}

extension LossOptions {
  /// The options that a file of fixtures tells, and what the numbers of its rows are.
  static func ofFixtures(
    _ text: String?, _ input: InputKind, for function: LossFunction, in format: FloatFormat
  ) throws(FixtureError) -> LossOptions {
    var options = LossOptions()
    if let text {
      do {
        options = try LossOptions(parsing: text, for: function, in: format)
      } catch {
        throw .field("options", problem: "cannot be read: \(error)")
      }
    }
    options.input = input
    return options
  }
}
