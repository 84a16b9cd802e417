internal import Interchange
internal import LossFunctions

/// The first line of a reply.
package enum LiveReply: Equatable {
  /// That so many bytes follow.
  case payload(Int)
  /// That the program does not do such requests, and why.
  case unsupported(String)
  /// That something went wrong.
  case error(String)

  /// Why a line is no reply to a request.
  package struct Garbage: Error {
    package let reason: String
  }

  /// The longest line that is read.
  static let greatestLineLength = 1 << 16
  private static let shownLength = 200

  /// Reads a line.
  ///
  /// - Throws: Where it is no reply to the request with that number.
  package init(_ line: ArraySlice<UInt8>, id: Int) throws(Garbage) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line)
    } catch {
      throw Garbage(reason: "answered with \(Self.excerpt(line)), which is \(error)")
    }
    guard case .object(let members) = value else {
      throw Garbage(reason: "answered with \(value.kind), not an object: \(Self.excerpt(line))")
    }
    guard members["protocol"] == nil, members["function"] == nil, members["rows"] == nil else {
      throw Garbage(reason: "answered with a request: \(Self.excerpt(line))")
    }
    guard case .number(let text)? = members["id"], Int(text) == id else {
      throw Garbage(reason: "answered another request than \(id): \(Self.excerpt(line))")
    }
    if case .string(let reason)? = members["unsupported"] {
      self = .unsupported(reason.excerpt(Self.shownLength))
    } else if case .string(let reason)? = members["error"] {
      self = .error(reason.excerpt(Self.shownLength))
    } else if case .number(let text)? = members["payload"], let count = Int(text), count >= 0 {
      self = .payload(count)
    } else {
      throw Garbage(
        reason: "answered without \"payload\", \"unsupported\" or \"error\": \(Self.excerpt(line))")
    }
  }

  /// The beginning of what was written, legible whatever it is.
  static func excerpt(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: Array(bytes.prefix(256)), as: UTF8.self).shown
  }
}
