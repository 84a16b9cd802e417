internal import CLossOracle
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import Multiprecision

/// The text at a pointer; nil where that is null.
func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

/// The pointer, where it is one.
func required<Pointer>(_ pointer: Pointer?, _ name: String) throws -> Pointer {
  guard let pointer else { throw EntryError.argument("\(name) is null") }
  return pointer
}

/// One of the values that a name stands for.
func named<Value>(
  _ name: String, _ what: String, _ value: (String) -> Value?, among names: [String]
) throws -> Value {
  guard let value = value(name) else {
    throw EntryError.argument(
      "there is no \(what) \(name.shown); there are \(names.joined(separator: ", "))")
  }
  return value
}

/// A format by its name.
func format(named name: String) throws -> FloatFormat {
  try named(
    name, "format", FloatFormat.init(named:),
    among: FloatFormat.catalogue.map(\.name) + ["e⟨w⟩m⟨p⟩ such as e8m10"])
}

/// A function by its name.
func function(named name: String) throws -> LossFunction {
  try named(
    name, "function", LossFunction.init(rawValue:), among: LossFunction.allCases.map(\.rawValue))
}

/// Options by their text.
func options(
  _ text: String, for function: LossFunction, in format: FloatFormat
) throws -> LossOptions {
  do {
    return try LossOptions(parsing: text, for: function, in: format)
  } catch {
    throw EntryError.argument("options: \(error)")
  }
}

/// A structure that the caller has filled in, of this version's size at least.
func structure<Value>(
  _ pointer: UnsafePointer<Value>?, _ name: String, size: KeyPath<Value, Int>
) throws -> Value {
  let value = try required(pointer, name).pointee
  try require(size: value[keyPath: size], of: name, MemoryLayout<Value>.size)
  return value
}

/// A structure that the caller has filled in, of which the fields from one on are missing in older versions.
func structure<Value, Field>(
  _ pointer: UnsafePointer<Value>?, _ name: String, empty: Value, since field: KeyPath<Value, Field>
) throws -> Value {
  let pointer = try required(pointer, name)
  // The first field, which is there whatever the caller's version is.
  let given = UnsafeRawPointer(pointer).loadUnaligned(as: Int.self)
  let least = MemoryLayout<Value>.offset(of: field) ?? MemoryLayout<Value>.size
  try require(size: given, of: name, MemoryLayout<Value>.size, least: least)
  var value = empty
  withUnsafeMutableBytes(of: &value) {
    $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(given, $0.count)))
  }
  return value
}

private func require(
  size given: Int, of name: String, _ size: Int, least: Int? = nil
) throws {
  guard given >= least ?? size else {
    throw EntryError.argument("\(name)->size is \(given); set it to sizeof, \(size)")
  }
}

/// What a question says beside its function and rows of a format, or what goes without saying.
func settings(
  of question: lo_question, for function: LossFunction, in format: FloatFormat
) throws -> (
  options: LossOptions, reduction: Reduction, rounding: RoundingDirection,
  outputFormat: FloatFormat
) {
  (
    try options(text(question.options) ?? "{}", for: function, in: format),
    try named(
      text(question.reduction) ?? "none", "reduction", Reduction.init(rawValue:),
      among: Reduction.allCases.map(\.rawValue)),
    try named(
      text(question.rounding) ?? "nearest-even", "rounding", RoundingDirection.init(rawValue:),
      among: RoundingDirection.allCases.map(\.rawValue)),
    try text(question.output_format).map(CEntryPoints.format(named:)) ?? format
  )
}

/// What is to be computed of which rows, with all counts found to go together.
struct Question {
  let function: LossFunction
  let options: LossOptions
  let reduction: Reduction
  let outputFormat: FloatFormat
  let rounding: RoundingDirection
  let rows: RowMemory

  init(
    _ question: UnsafePointer<lo_question>?, _ rows: UnsafePointer<lo_rows>?
  ) throws {
    let question = try structure(question, "question", size: \.size)
    function = try CEntryPoints.function(
      named: required(text(question.function), "question->function"))
    self.rows = try RowMemory(
      structure(rows, "rows", empty: lo_rows(), since: \.grad_output), for: function)
    (options, reduction, rounding, outputFormat) = try settings(
      of: question, for: function, in: self.rows.format)
    guard reduction == .none || function.isOfLosses else {
      throw EntryError.argument("\(function) is no loss: there is no reduction of it")
    }
    guard reduction == .mean || options.denominator == nil else {
      throw EntryError.argument("options: \(InputError.denominatorWithoutMean)")
    }
  }

  /// The number of values of a row.
  var outputsPerRow: Int { function.outputCount(classCount: rows.classCount) }

  /// Whether the rows have one value in all.
  var isReduced: Bool { reduction != .none && !function.isGradient }

  /// The number of values.
  var valueCount: Int { isReduced ? 1 : rows.count * outputsPerRow }

  /// Checks the number of places that the caller has for values.
  func require(count: Int) throws {
    guard count == valueCount else {
      throw EntryError.argument("count is \(count); there are \(valueCount) values")
    }
  }
}
