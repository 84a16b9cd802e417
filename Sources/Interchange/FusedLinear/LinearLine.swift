public import FloatFormats
public import LossFunctions
public import Multiprecision
internal import Reference

/// A small linear layer as a line of JSON, as `evaluate linear-cross-entropy` reads it:
///
///     {"hidden": [[1, 0.5]], "weight": [[1, 0], [0, 1]], "target": [0], "with_respect_to": "weight"}
///
/// Beside these stand `bias`, `grad_output`, `reduction` and the options.
public struct LinearLine: Sendable {
  /// The layer.
  public let input: LinearInput
  public let options: LossOptions
  public let reduction: Reduction
  /// What is asked of it: the loss, or what `with_respect_to` names.
  public let quantity: LinearQuantity

  private static let fields = [
    "hidden", "weight", "bias", "target", "grad_output", "reduction", "with_respect_to",
  ]

  /// The layer of a line, its numbers read in `format`.
  ///
  /// - Throws: `EvaluationRequestError`, and `InputError` where the loss is not defined for it.
  public init(parsing line: ArraySlice<UInt8>, in format: FloatFormat) throws {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line)
    } catch {
      throw EvaluationRequestError.json(error)
    }
    guard case .object(let members) = value else {
      throw EvaluationRequestError.notAnObject(kind: value.kind)
    }
    let optionNames = LossOption.allCases.filter(LossOptions.ofLinearCrossEntropy.contains)
      .map(\.rawValue)
    let known = Self.fields + optionNames
    if let field = members.keys.filter({ !known.contains($0) }).min() {
      throw EvaluationRequestError.unknown(field: field, known: known)
    }
    let reader = LinearLineReader(members: members, format: format)
    let given = optionNames.compactMap { name in
      members[name].map { "\(JSONValue.quoted(name)): \($0.text)" }
    }
    options = try LossOptions(
      parsing: "{\(given.joined(separator: ", "))}", for: .crossEntropy, in: format)
    reduction =
      try reader.word("reduction", Reduction.init, Reduction.allCases.map(\.rawValue)) ?? .none
    let parameter = try reader.word(
      "with_respect_to", LinearParameter.init, LinearParameter.allCases.map(\.rawValue))
    quantity = LinearQuantity.allCases.first { $0.parameter == parameter } ?? .loss
    let hidden = try reader.matrix("hidden"), weight = try reader.matrix("weight")
    let width = hidden.first?.count ?? 0
    for (field, rows) in [("hidden", hidden), ("weight", weight)] {
      guard let wrong = rows.first(where: { $0.count != width }) else { continue }
      throw EvaluationRequestError.wrongKind(
        field: field, expected: "lists of \(width) numbers each", found: "one of \(wrong.count)")
    }
    input = try LinearInput(
      hidden: hidden.flatMap(\.self), weight: weight.flatMap(\.self), bias: reader.numbers("bias"),
      labels: reader.labels(), width: width, gradOutput: reader.numbers("grad_output"))
    try input.validate(options)
  }

  /// The line's answer: `value` of a reduced loss, and else `values`, in rows where there are several.
  ///
  /// - Throws: `ReferenceError` where a value is undecided.
  public func answer(
    in format: FloatFormat, rounding direction: RoundingDirection = .nearestEven
  ) throws -> [UInt8] {
    let exact = try quantity.exact(
      input, options: options, reduction: reduction, in: format, rounding: direction)
    if let undecided = exact.undecided.min(by: { $0.key < $1.key }) { throw undecided.value }
    let shape = quantity.shape(input, reduction)
    let size = shape.count > 1 ? shape[1] : exact.values.count
    let isList = quantity != .loss || reduction == .none
    var text: [UInt8] = []
    text.appendReply(
      exact.values,
      stride(from: 0, to: exact.values.count, by: max(size, 1)).map { $0..<$0 + size },
      isList: isList, isNested: shape.count > 1)
    text.append(contentsOf: "}\n".utf8)
    return text
  }
}

/// Reads the fields of a line.
private struct LinearLineReader {
  let members: [String: JSONValue]
  let format: FloatFormat

  func word<Value>(_ field: String, _ value: (String) -> Value?, _ names: [String]) throws -> Value?
  {
    guard let member = members[field] else { return nil }
    if case .string(let name) = member, let value = value(name) { return value }
    throw EvaluationRequestError.wrongKind(
      field: field, expected: "one of \(names.joined(separator: ", "))", found: member.kind)
  }

  func matrix(_ field: String) throws -> [[Float]] {
    guard let member = members[field] else { throw EvaluationRequestError.missing(field: field) }
    guard case .array(let rows) = member, !rows.isEmpty else {
      throw EvaluationRequestError.wrongKind(
        field: field, expected: "a list of lists of numbers", found: member.kind)
    }
    return try rows.map { try numbers($0, field) }
  }

  func numbers(_ field: String) throws -> [Float]? {
    try members[field].map { try numbers($0, field) }
  }

  private func numbers(_ member: JSONValue, _ field: String) throws -> [Float] {
    guard case .array(let elements) = member else {
      throw EvaluationRequestError.wrongKind(
        field: field, expected: "a list of numbers", found: member.kind)
    }
    return try elements.map { element in
      switch element {
      case .number(let text), .string(let text):
        do throws(NumberLiteralError) {
          return Float(try format.value(literal: text).double)
        } catch {
          throw EvaluationRequestError.number(field: field, error)
        }
      default:
        throw EvaluationRequestError.wrongKind(
          field: field, expected: "a number", found: element.kind)
      }
    }
  }

  func labels() throws -> [Int32] {
    guard case .array(let elements)? = members["target"] else {
      guard let member = members["target"] else {
        throw EvaluationRequestError.missing(field: "target")
      }
      throw EvaluationRequestError.wrongKind(
        field: "target", expected: "a list of class indices", found: member.kind)
    }
    return try elements.map { element in
      guard case .number(let text) = element, let label = Int32(text) else {
        throw EvaluationRequestError.wrongKind(
          field: "target", expected: "a list of class indices", found: element.kind)
      }
      return label
    }
  }
}

extension JSONValue {
  /// The value as JSON writes it.
  fileprivate var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): text
    case .string(let text): Self.quoted(text)
    case .array(let elements): "[\(elements.map(\.text).joined(separator: ", "))]"
    case .object(let members):
      "{\(members.map { "\(Self.quoted($0)): \($1.text)" }.joined(separator: ", "))}"
    }
  }
}
