public import FloatFormats

/// How the targets of rows are given.
public enum TargetKind: String, Hashable, Sendable {
  /// The function has none.
  case none
  /// A class index for each row.
  case index
  /// A probability for each class of each row; for the functions of one logit, one for each row.
  case probabilities
  /// A logit for each class of each row.
  case logits
}

extension Target {
  /// How the target is given.
  public var kind: TargetKind {
    switch self {
    case .none: .none
    case .index: .index
    case .probabilities: .probabilities
    case .logits: .logits
    }
  }

  /// The numbers for the classes, where there are any.
  package var numbers: [FloatValue]? {
    switch self {
    case .none, .index: nil
    case .probabilities(let numbers), .logits(let numbers): numbers
    }
  }

  /// A target of the same kind with other numbers; one without numbers as it is.
  package func with(_ numbers: [FloatValue]) -> Target {
    switch self {
    case .none, .index: self
    case .probabilities: .probabilities(numbers)
    case .logits: .logits(numbers)
    }
  }
}

/// Rows of logits of one format, one number of classes, one kind of target and as many numbers of `grad_output`, as
/// columns.
///
/// This is what runs through the whole package: families draw into it, implementations and the oracle
/// answer it, and errors are measured along it.
public struct LossRows: Hashable, Sendable {
  /// The number of logits of each row: 1 for the functions of one logit.
  public let classCount: Int
  /// How the targets are given.
  public let targetKind: TargetKind
  /// The logits, row by row.
  public private(set) var logits: NumberColumn
  /// A class index for each row, where the targets are given so.
  public private(set) var labels: [Int32] = []
  /// The probabilities of the targets, row by row, or their logits, where the targets are given so.
  public private(set) var probabilities: NumberColumn
  /// The numbers of `grad_output`, row by row.
  public private(set) var gradOutputs: NumberColumn
  /// How many of them go with a row: none, 1 or `classCount`.
  public let gradOutputCount: Int

  /// No rows.
  ///
  /// - Parameter gradOutputCount: The numbers of `grad_output` that go with a row.
  public init(
    _ format: FloatFormat, classCount: Int, targetKind: TargetKind, gradOutputCount: Int = 0
  ) {
    self.classCount = max(classCount, 1)
    self.targetKind = targetKind
    self.gradOutputCount = max(gradOutputCount, 0)
    logits = NumberColumn(format)
    probabilities = NumberColumn(format)
    gradOutputs = NumberColumn(format)
  }

  /// Rows of columns that go together: `classCount` logits for each, as many probabilities or logits of the target or
  /// one label, and the numbers of `grad_output`, as many for each.
  package init(
    classCount: Int, logits: NumberColumn, labels: [Int32]? = nil,
    probabilities: NumberColumn? = nil, targetLogits: NumberColumn? = nil,
    gradOutputs: NumberColumn? = nil
  ) {
    self.classCount = max(classCount, 1)
    targetKind =
      labels != nil
      ? .index : probabilities != nil ? .probabilities : targetLogits != nil ? .logits : .none
    self.logits = logits
    self.labels = labels ?? []
    self.probabilities = probabilities ?? targetLogits ?? NumberColumn(logits.format)
    self.gradOutputs = gradOutputs ?? NumberColumn(logits.format)
    gradOutputCount = self.gradOutputs.count / max(logits.count / self.classCount, 1)
  }

  /// No rows, of the shape of others.
  package init(like other: LossRows) {
    self.init(
      other.format, classCount: other.classCount, targetKind: other.targetKind,
      gradOutputCount: other.gradOutputCount)
  }

  /// One row.
  ///
  /// - Parameter input: Its numbers are numbers of the format.
  package init(_ input: LossInput, in format: FloatFormat) {
    self.init(
      format, classCount: input.logits.count, targetKind: input.target.kind,
      gradOutputCount: input.gradOutput.count)
    append(input)
  }

  /// The format of the logits and probabilities.
  public var format: FloatFormat { logits.format }

  /// The number of rows.
  public var count: Int { logits.count / classCount }

  /// A row by itself.
  public subscript(row: Int) -> LossInput {
    let range = row * classCount..<(row + 1) * classCount
    let target: Target =
      switch targetKind {
      case .none: .none
      case .index: .index(Int(labels[row]))
      case .probabilities: .probabilities(probabilities[range])
      case .logits: .logits(probabilities[range])
      }
    return LossInput(
      logits: logits[range], target: target, gradOutput: gradOutputs[gradOutputPlaces(row)])
  }

  /// The places of a row's numbers of `grad_output`.
  package func gradOutputPlaces(_ row: Int) -> Range<Int> {
    row * gradOutputCount..<(row + 1) * gradOutputCount
  }

  /// The same for consecutive rows.
  package func gradOutputPlaces(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound * gradOutputCount..<rows.upperBound * gradOutputCount
  }

  /// Whether a row can stand among these.
  public func takes(_ input: LossInput) -> Bool {
    input.logits.count == classCount && input.target.kind == targetKind
      && input.gradOutput.count == gradOutputCount
  }

  /// Makes room for as many rows.
  public mutating func reserveCapacity(_ count: Int) {
    logits.reserveCapacity(count * classCount)
    gradOutputs.reserveCapacity(count * gradOutputCount)
    switch targetKind {
    case .none: break
    case .index: labels.reserveCapacity(count)
    case .probabilities, .logits: probabilities.reserveCapacity(count * classCount)
    }
  }

  /// Appends a row of as many classes and of the same kind of target.
  package mutating func append(_ input: LossInput) {
    for logit in input.logits { logits.append(logit) }
    for number in input.gradOutput { gradOutputs.append(number) }
    switch input.target {
    case .none: break
    case .index(let label): labels.append(Int32(clamping: label))
    case .probabilities(let values), .logits(let values):
      for value in values { probabilities.append(value) }
    }
  }

  /// Appends a row of as many classes by the encodings of its numbers. Of the target what the kind of
  /// these rows needs is taken.
  package mutating func append(
    logits: [UInt128], label: Int, probabilities: [UInt128], gradOutput: [UInt128]
  ) {
    self.logits.append(encodings: logits)
    gradOutputs.append(encodings: gradOutput)
    switch targetKind {
    case .none: break
    case .index: labels.append(Int32(clamping: label))
    case .probabilities, .logits: self.probabilities.append(encodings: probabilities)
    }
  }

  /// Appends rows that have labels or no target.
  ///
  /// - Parameters:
  ///   - logits: A column whose range has those of the rows.
  ///   - labels: Those of the rows; where they have no target they are left out.
  package mutating func append(
    logits: NumberColumn, _ range: Range<Int>, labels: [Int32]
  ) {
    self.logits.append(logits, range)
    if targetKind == .index { self.labels.append(contentsOf: labels) }
  }

  /// Appends a row of other rows of the same shape.
  package mutating func append(_ row: Int, of other: LossRows) {
    let range = row * classCount..<(row + 1) * classCount
    logits.append(other.logits, range)
    gradOutputs.append(other.gradOutputs, other.gradOutputPlaces(row))
    switch targetKind {
    case .none: break
    case .index: labels.append(other.labels[row])
    case .probabilities, .logits: probabilities.append(other.probabilities, range)
    }
  }

  /// Some of the rows, in the order given.
  package func selecting(_ rows: some Sequence<Int>) -> LossRows {
    var selected = LossRows(like: self)
    for row in rows { selected.append(row, of: self) }
    return selected
  }

  /// Whether all numbers are known to be finite: of formats that float64 holds.
  package var areFinite: Bool {
    format.isWithinFloat64
      && [logits, probabilities, gradOutputs].allSatisfy { column in
        let exponent: UInt64 = 0x7FF0_0000_0000_0000
        // Without a branch for each, so that several are looked at at a time.
        var others: UInt64 = 0
        for number in column.doubles { others |= number.bitPattern & exponent == exponent ? 1 : 0 }
        return others == 0
      }
  }

  /// Whether all numbers of a row are finite.
  package func isFinite(_ row: Int) -> Bool {
    guard format.isWithinFloat64 else { return self[row].isFinite }
    let range = row * classCount..<(row + 1) * classCount
    // A difference with itself is 0 for finite numbers and NaN for others.
    var residue = 0.0
    func observe(_ numbers: [Double], _ places: Range<Int>) {
      for place in places { residue += numbers[place] - numbers[place] }
    }
    observe(logits.doubles, range)
    if targetKind == .probabilities || targetKind == .logits {
      observe(probabilities.doubles, range)
    }
    observe(gradOutputs.doubles, gradOutputPlaces(row))
    return residue == 0
  }
}

/// Rows of one shape, and their places among rows of all shapes.
package struct PlacedRows: Sendable {
  /// The rows.
  package var rows: LossRows
  /// The place of each in what they come from.
  package var places: [Int]

  /// Rows with their places.
  package init(_ rows: LossRows, places: [Int]) {
    self.rows = rows
    self.places = places
  }
}

/// Rows of all shapes, gathered into batches of one shape each, that of the first row first.
package struct RowBatches: Sendable {
  /// The batches.
  package private(set) var all: [PlacedRows] = []
  private let format: FloatFormat
  private let expectedCount: Int
  private var positions: [Shape: Int] = [:]
  private var latest: Shape?
  private var position = 0

  /// What the rows of a batch have in common.
  private struct Shape: Hashable {
    let classCount: Int
    let targetKind: TargetKind
    let gradOutputCount: Int
  }

  /// No rows.
  ///
  /// - Parameter expectedCount: How many rows of one shape there may be.
  package init(_ format: FloatFormat, expecting expectedCount: Int = 0) {
    self.format = format
    self.expectedCount = expectedCount
  }

  /// Appends a row.
  package mutating func append(_ input: LossInput, place: Int) {
    turn(
      to: Shape(
        classCount: input.logits.count, targetKind: input.target.kind,
        gradOutputCount: input.gradOutput.count))
    all[position].rows.append(input)
    all[position].places.append(place)
  }

  /// Appends a row by the encodings of its numbers. Of the target what its kind needs is taken.
  package mutating func append(
    logits: [UInt128], _ targetKind: TargetKind, label: Int, probabilities: [UInt128],
    gradOutput: [UInt128], place: Int
  ) {
    turn(
      to: Shape(
        classCount: logits.count, targetKind: targetKind, gradOutputCount: gradOutput.count))
    all[position].rows.append(
      logits: logits, label: label, probabilities: probabilities, gradOutput: gradOutput)
    all[position].places.append(place)
  }

  /// Appends rows that have labels or no target, and nothing else but logits: the first of a column.
  package mutating func append(
    logits: NumberColumn, classCount: Int, _ targetKind: TargetKind, labels: [Int32],
    places: [Int]
  ) {
    turn(to: Shape(classCount: classCount, targetKind: targetKind, gradOutputCount: 0))
    all[position].rows.append(logits: logits, 0..<places.count * classCount, labels: labels)
    all[position].places.append(contentsOf: places)
  }

  /// Finds the batch of a shape, or begins it.
  private mutating func turn(to shape: Shape) {
    guard shape != latest else { return }
    latest = shape
    position = positions[shape, default: all.count]
    guard position == all.count else { return }
    positions[shape] = position
    var rows = LossRows(
      format, classCount: shape.classCount, targetKind: shape.targetKind,
      gradOutputCount: shape.gradOutputCount)
    // Those of the first shape, for mostly there is no other.
    if all.isEmpty { rows.reserveCapacity(expectedCount) }
    all.append(PlacedRows(rows, places: []))
  }
}

extension [LossInput] {
  /// The rows in batches of one shape each, those of the first row first.
  package func batches(in format: FloatFormat) -> [PlacedRows] {
    var batches = RowBatches(format)
    for (place, input) in enumerated() { batches.append(input, place: place) }
    return batches.all
  }
}

extension LossInput {
  /// The logits, the numbers of the target and those of `grad_output`, where it has any.
  package var numbers: [FloatValue] { logits + (target.numbers ?? []) + gradOutput }

  /// Whether all of them are finite.
  package var isFinite: Bool { numbers.allSatisfy(\.isFinite) }
}
