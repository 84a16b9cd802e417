internal import LossFunctions
package import SmallFoundation

/// Why a text is not the JSON of a structure, and where.
public struct StrictJSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong.
  public let description: String
}

extension Decodable where Self: Encodable {
  /// Reads a structure from JSON in which no name stands twice and none is unknown: a misspelt field
  /// would be passed over otherwise, as if it were not there.
  package init(strictJSON data: Data) throws(StrictJSONError) {
    do {
      let value = try JSONValue(parsing: [UInt8](data)[...])
      self = try JSONDecoder().decode(Self.self, from: data)
      // What is known is what is written.
      let known = try JSONValue(parsing: [UInt8](JSONEncoder().encode(self))[...])
      if let path = value.unknownMember(besides: known) {
        throw StrictJSONError(description: "the field \(path.excerpt()) is not known")
      }
    } catch let error as StrictJSONError {
      throw error
    } catch let error as JSONError {
      throw StrictJSONError(description: error.description)
    } catch {
      throw StrictJSONError(description: (error as? DecodingError)?.problem ?? "it cannot be read")
    }
  }
}

extension JSONValue {
  /// The path of a member that another value of the same structure does not have.
  fileprivate func unknownMember(besides known: JSONValue) -> String? {
    switch (self, known) {
    case (.object(let members), .object(let knownMembers)):
      for (name, member) in members.sorted(by: { $0.key < $1.key }) where member != .null {
        guard let counterpart = knownMembers[name] else { return name }
        if let path = member.unknownMember(besides: counterpart) { return "\(name).\(path)" }
      }
      return nil
    case (.array(let elements), .array(let knownElements)):
      for (index, (element, known)) in zip(elements, knownElements).enumerated() {
        if let path = element.unknownMember(besides: known) { return "\(index).\(path)" }
      }
      return nil
    default: return nil
    }
  }
}

extension DecodingError {
  /// What is wrong, where, in words of our own.
  fileprivate var problem: String {
    let (context, problem): (Context, String) =
      switch self {
      case .keyNotFound(let key, let context): (context, "has no \(key.stringValue.shown)")
      case .typeMismatch(_, let context): (context, "is of another kind than it should be")
      case .valueNotFound(_, let context): (context, "is null")
      case .dataCorrupted(let context): (context, "is not one of the values that it may have")
      @unknown default: (Context(codingPath: [], debugDescription: ""), "cannot be read")
      }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return "\(path.isEmpty ? "it" : path.joined(separator: ".").excerpt()) \(problem)"
  }
}
