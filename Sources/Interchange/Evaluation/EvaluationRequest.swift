public import FloatFormats
public import LossFunctions

/// What one line of `evaluate`'s input asks for: a row, or a batch of rows and their reduction.
public enum EvaluationRequest: Hashable, Sendable {
  /// One row.
  case row(LossInput, LossOptions)
  /// Several rows.
  case batch([LossInput], Reduction, LossOptions)
}

extension LossOptions {
  /// The options that a JSON object holds, under the names that `evaluate` knows, read in `format`.
  public init(
    parsing text: String, for function: LossFunction, in format: FloatFormat
  ) throws(EvaluationRequestError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: Array(text.utf8)[...])
    } catch {
      throw .json(error)
    }
    let reader = RequestReader(function: function, format: format)
    let members = try reader.object(value)
    try reader.refuseUnknown(members, besides: reader.optionFields)
    self = try reader.options(members)
  }
}

/// Why a line is not a request.
public enum EvaluationRequestError: Error, Hashable, Sendable {
  /// The text is not JSON.
  case json(JSONError)
  /// The text is JSON, but not an object.
  case notAnObject(kind: String)
  /// A field that is needed is not there.
  case missing(field: String)
  /// A field that the function does not know, and the ones that it does.
  case unknown(field: String, known: [String])
  /// A field holds the wrong kind of value.
  case wrongKind(field: String, expected: String, found: String)
  /// A field's number is not one of the format.
  case number(field: String, NumberLiteralError)
}

extension EvaluationRequestError: CustomStringConvertible {
  /// What was wrong, where, and what would do.
  public var description: String {
    switch self {
    case .json(let error): error.description
    case .notAnObject(let kind): "expected an object such as {\"logit\": 1.5}, found \(kind)"
    case .missing(let field): "the field \"\(field)\" is missing"
    case .unknown(let field, let known):
      "unknown field \"\(field)\"; the fields are \(known.joined(separator: ", "))"
    case .wrongKind(let field, let expected, let found):
      "\"\(field)\" must be \(expected), not \(found)"
    case .number(let field, let error): "\"\(field)\": \(error)"
    }
  }
}

extension EvaluationRequest {
  /// The request that a line of JSON makes of `function`, its numbers read in `format`.
  public init(
    parsing line: ArraySlice<UInt8>, for function: LossFunction, in format: FloatFormat
  ) throws(EvaluationRequestError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line)
    } catch {
      throw .json(error)
    }
    try self.init(value, for: function, in: format)
  }

  /// The request that a JSON value makes of `function`, its numbers read in `format`.
  init(
    _ value: JSONValue, for function: LossFunction, in format: FloatFormat
  ) throws(EvaluationRequestError) {
    let reader = RequestReader(function: function, format: format)
    let members = try reader.object(value)
    if let rows = members["rows"], function.hasTarget {
      self = try reader.batch(rows, members)
    } else {
      try reader.refuseUnknown(members, besides: reader.rowFields + reader.optionFields)
      self = .row(try reader.row(members), try reader.options(members))
    }
  }
}

/// Reads the fields of requests for one function, in one format.
private struct RequestReader {
  let function: LossFunction
  let format: FloatFormat

  typealias Members = [String: JSONValue]

  var logitField: String { function.isBinary ? "logit" : "logits" }
  var rowFields: [String] { function.hasTarget ? [logitField, "target"] : [logitField] }
  var optionFields: [String] {
    LossOption.allCases.filter(function.options.contains).map(\.rawValue)
  }

  func object(_ value: JSONValue) throws(EvaluationRequestError) -> Members {
    guard case .object(let members) = value else { throw .notAnObject(kind: value.kind) }
    return members
  }

  func refuseUnknown(
    _ members: Members, besides known: [String]
  ) throws(EvaluationRequestError) {
    for field in members.keys.sorted() where !known.contains(field) {
      throw .unknown(field: field, known: known)
    }
  }

  func batch(
    _ rows: JSONValue, _ members: Members
  ) throws(EvaluationRequestError) -> EvaluationRequest {
    try refuseUnknown(members, besides: ["rows", "reduction"] + optionFields)
    guard case .array(let elements) = rows else {
      throw .wrongKind(field: "rows", expected: "a list of objects", found: rows.kind)
    }
    var inputs: [LossInput] = []
    for element in elements {
      let members = try object(element)
      try refuseUnknown(members, besides: rowFields)
      inputs.append(try row(members))
    }
    let names = Reduction.allCases.map(\.rawValue).joined(separator: ", ")
    var reduction = Reduction.mean
    if let value = members["reduction"] {
      guard case .string(let name) = value, let known = Reduction(rawValue: name) else {
        throw .wrongKind(field: "reduction", expected: "one of \(names)", found: value.kind)
      }
      reduction = known
    }
    return .batch(inputs, reduction, try options(members))
  }

  func row(_ members: Members) throws(EvaluationRequestError) -> LossInput {
    guard let logits = members[logitField] else { throw .missing(field: logitField) }
    let values =
      function.isBinary
      ? [try number(logits, logitField)] : try numbers(logits, logitField)
    guard function.hasTarget else { return LossInput(logits: values) }
    guard let target = members["target"] else { throw .missing(field: "target") }
    return LossInput(logits: values, target: try self.target(target))
  }

  private func target(_ value: JSONValue) throws(EvaluationRequestError) -> Target {
    if function.isBinary { return .probabilities([try number(value, "target")]) }
    switch value {
    case .array: return .probabilities(try numbers(value, "target"))
    case .number: return .index(try integer(value, "target"))
    default:
      throw .wrongKind(
        field: "target", expected: "a class index or a list of probabilities", found: value.kind)
    }
  }

  func options(_ members: Members) throws(EvaluationRequestError) -> LossOptions {
    var options = LossOptions()
    for option in LossOption.allCases {
      guard let value = members[option.rawValue] else { continue }
      let name = option.rawValue
      switch option {
      case .classWeights: options.classWeights = try numbers(value, name)
      case .positiveWeight: options.positiveWeight = try number(value, name)
      case .labelSmoothing: options.labelSmoothing = try number(value, name)
      case .ignoreIndex: options.ignoreIndex = try integer(value, name)
      case .temperature: options.temperature = try number(value, name)
      case .zLoss: options.zLoss = try number(value, name)
      case .focalGamma: options.focalGamma = try number(value, name)
      case .focalAlpha: options.focalAlpha = try number(value, name)
      }
    }
    return options
  }

  private func integer(
    _ value: JSONValue, _ field: String
  ) throws(EvaluationRequestError) -> Int {
    guard case .number(let text) = value, let integer = Int(text) else {
      let found = if case .number(let text) = value { text } else { value.kind }
      throw .wrongKind(field: field, expected: "an integer", found: found)
    }
    return integer
  }

  private func number(
    _ value: JSONValue, _ field: String
  ) throws(EvaluationRequestError) -> FloatValue {
    switch value {
    case .number(let text), .string(let text):
      do {
        return try format.value(literal: text)
      } catch {
        throw .number(field: field, error)
      }
    default: throw .wrongKind(field: field, expected: "a number", found: value.kind)
    }
  }

  private func numbers(
    _ value: JSONValue, _ field: String
  ) throws(EvaluationRequestError) -> [FloatValue] {
    guard case .array(let elements) = value else {
      throw .wrongKind(field: field, expected: "a list of numbers", found: value.kind)
    }
    var values: [FloatValue] = []
    values.reserveCapacity(elements.count)
    for element in elements { values.append(try number(element, field)) }
    return values
  }
}
