/// A JSON text, read strictly (RFC 8259, no name twice in an object, a bounded depth) into a flat list
/// of its values, each with its place in the text and with the place of what follows it.
///
/// Nothing is copied out of the text: who wants a string or a number asks for it. A tape is read into
/// again and again, so that a line of `evaluate` costs no allocation.
struct JSONTape {
  /// What a value is.
  enum Kind: UInt8, CustomStringConvertible {
    case null, bool, number, string, array, object

    /// For messages.
    var description: String {
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

  struct Token {
    let kind: Kind
    /// Whether a string is ASCII without escapes: its bytes are its text.
    let isPlain: Bool
    /// Where the text stands; of strings, without the quotes.
    let start: UInt32
    var end: UInt32
    /// The place after the value and all that it holds.
    var next: UInt32
  }

  var text = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  var tokens: [Token] = []
  var position = 0
}

// MARK: - What is on the tape, by place

extension JSONTape {
  /// The place of the outermost value.
  static let root = 0

  /// What the value at a place is.
  func kind(_ place: Int) -> Kind { tokens[place].kind }

  /// The place after a value and all that it holds: that of the next element or name.
  func next(_ place: Int) -> Int { Int(tokens[place].next) }

  /// The bytes of a value as they are written; of a string, without the quotes.
  func bytes(_ place: Int) -> UnsafeBufferPointer<UInt8> {
    let token = tokens[place]
    return UnsafeBufferPointer(rebasing: text[Int(token.start)..<Int(token.end)])
  }

  /// Whether a string can be read where it stands.
  func isPlain(_ place: Int) -> Bool { tokens[place].isPlain }

  /// Whether a string is a word of ASCII.
  func isString(_ place: Int, _ word: String) -> Bool {
    isPlain(place) ? bytes(place).elementsEqual(word.utf8) : string(place) == word
  }

  /// The text of a string or a number.
  func string(_ place: Int) -> String {
    let bytes = bytes(place)
    guard kind(place) == .string, !isPlain(place) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    return Self.unescaped(bytes)
  }

  /// Calls `body` with the place of each element of a list.
  func forEachElement<Failure: Error>(
    _ place: Int, _ body: (Int) throws(Failure) -> Void
  ) throws(Failure) {
    var element = place + 1
    let end = next(place)
    while element < end {
      try body(element)
      element = next(element)
    }
  }

  /// Calls `body` with the places of each name and value of an object.
  func forEachMember<Failure: Error>(
    _ place: Int, _ body: (_ name: Int, _ value: Int) throws(Failure) -> Void
  ) throws(Failure) {
    var name = place + 1
    let end = next(place)
    while name < end {
      try body(name, name + 1)
      name = next(name + 1)
    }
  }

  /// The place of the value of that name in an object.
  func member(_ word: String, of object: Int) -> Int? {
    var found: Int?
    forEachMember(object) { name, value in if isString(name, word) { found = value } }
    return found
  }
}
