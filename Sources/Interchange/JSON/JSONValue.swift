/// A JSON value that keeps its numbers as they were written.
///
/// The oracle rounds a number to the format it is asked for, once, from the text. Foundation's
/// decoders give a `Double` (a second rounding for every narrower format, a loss for every wider
/// one) or a 38-digit `Decimal`, so this small reader stands here instead.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number's text, which conforms to RFC 8259.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue {
  /// What kind of value this is, for messages.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  /// A string as JSON writes it; only what must be escaped is, so the bytes do not depend on the
  /// version of a library.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// What is wrong with a JSON text, and after how many bytes.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong.
  public let problem: String
  /// The offset of the offending byte.
  public let offset: Int

  /// Both, with the column counted from 1.
  public var description: String { "not JSON: \(problem) at column \(offset + 1)" }
}
