/// A JSON value that keeps its numbers as they were written.
///
/// The oracle rounds a number to the format it is asked for, once, from the text. Foundation's
/// decoders give a `Double` (a second rounding for every narrower format, a loss for every wider
/// one) or a 38-digit `Decimal`, so `JSONTape` reads here instead.
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
    case .null: JSONTape.Kind.null.description
    case .bool: JSONTape.Kind.bool.description
    case .number: JSONTape.Kind.number.description
    case .string: JSONTape.Kind.string.description
    case .array: JSONTape.Kind.array.description
    case .object: JSONTape.Kind.object.description
    }
  }

  /// The value that a JSON text holds.
  public init(parsing text: ArraySlice<UInt8>) throws(JSONError) {
    let result = text.withUnsafeBufferPointer { text -> Result<JSONValue, JSONError> in
      var tape = JSONTape()
      do throws(JSONError) {
        try tape.read(text)
        return .success(JSONValue(tape, JSONTape.root))
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  private init(_ tape: JSONTape, _ place: Int) {
    switch tape.kind(place) {
    case .null: self = .null
    case .bool: self = .bool(tape.bytes(place).first == UInt8(ascii: "t"))
    case .number: self = .number(tape.string(place))
    case .string: self = .string(tape.string(place))
    case .array:
      var elements: [JSONValue] = []
      tape.forEachElement(place) { elements.append(JSONValue(tape, $0)) }
      self = .array(elements)
    case .object:
      var members: [String: JSONValue] = [:]
      tape.forEachMember(place) { members[tape.string($0)] = JSONValue(tape, $1) }
      self = .object(members)
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
