internal import LossFunctions

/// Why a line is not a request.
public enum EvaluationRequestError: Error, Hashable, Sendable {
  /// The text is not JSON.
  case json(JSONError)
  /// The text is JSON, but not an object.
  case notAnObject(kind: String)
  /// A field that is needed is not there.
  case missing(field: String)
  /// Fields of which one is to be given.
  case several(fields: [String])
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
    case .several(let fields):
      "give one of the fields \(fields.joined(separator: ", ")), not several"
    case .unknown(let field, let known):
      "unknown field \(field.shown); the fields are \(known.joined(separator: ", "))"
    case .wrongKind(let field, let expected, let found):
      "\"\(field)\" must be \(expected), not \(found.excerpt())"
    case .number(let field, let error): "\"\(field)\": \(error)"
    }
  }
}
