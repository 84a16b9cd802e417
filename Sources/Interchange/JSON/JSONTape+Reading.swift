internal import LossFunctions

// The grammar.

extension JSONTape {
  /// Deeper nesting is refused, so that hostile input cannot overflow the stack.
  private static let greatestDepth = 32

  /// Reads a text that holds one value, with nothing but white space around it.
  ///
  /// - Parameter text: Must live as long as the tape is asked.
  mutating func read(_ text: UnsafeBufferPointer<UInt8>) throws(JSONError) {
    self.text = text
    tokens.removeAll(keepingCapacity: true)
    position = 0
    guard text.count <= 1 << 31 else { throw error("the text is too long") }
    // A value takes two bytes at least. To grow in steps would take twice the memory for a while.
    if text.count > 1 << 20 { tokens.reserveCapacity(text.count / 2 + 1) }
    try value(depth: 0)
    skipSpace()
    if position < text.count { throw error("something follows the value") }
  }

  private func error(_ problem: String) -> JSONError {
    JSONError(problem: problem, offset: position)
  }

  private var byte: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte, byte <= 0x20, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      position += 1
    }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard byte == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Puts a value on the tape that began at `start` and ends here.
  private mutating func append(_ kind: Kind, from start: Int) {
    tokens.append(
      Token(
        kind: kind, isPlain: true, start: UInt32(start), end: UInt32(position),
        next: UInt32(tokens.count + 1)))
  }

  private mutating func value(depth: Int) throws(JSONError) {
    guard depth < Self.greatestDepth else { throw error("lists are nested too deeply") }
    skipSpace()
    switch byte {
    case nil: throw error("the text ends early")
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true", .bool)
    case UInt8(ascii: "f"): try word("false", .bool)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private mutating func word(_ word: StaticString, _ kind: Kind) throws(JSONError) {
    let start = position
    for expected in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
      guard byte == expected else { throw error("expected \(word)") }
      position += 1
    }
    append(kind, from: start)
  }

  private mutating func close(_ place: Int) {
    tokens[place].end = UInt32(position)
    tokens[place].next = UInt32(tokens.count)
  }

  private mutating func object(depth: Int) throws(JSONError) {
    let place = tokens.count
    append(.object, from: position)
    position += 1
    skipSpace()
    if skip("}") { return close(place) }
    var names = JSONNames()
    while true {
      skipSpace()
      guard byte == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
      let name = tokens.count
      try string()
      guard names.insert(name, of: self, first: place + 1) else {
        throw error("\(string(name).shown) stands twice")
      }
      skipSpace()
      guard skip(":") else { throw error("expected a colon") }
      try value(depth: depth + 1)
      skipSpace()
      if skip("}") { return close(place) }
      guard skip(",") else { throw error("expected a comma or }") }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) {
    let place = tokens.count
    append(.array, from: position)
    position += 1
    skipSpace()
    if skip("]") { return close(place) }
    while true {
      try value(depth: depth + 1)
      skipSpace()
      if skip("]") { return close(place) }
      guard skip(",") else { throw error("expected a comma or ]") }
    }
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte, byte &- UInt8(ascii: "0") < 10 { position += 1 }
    guard position > start else { throw error("expected a digit") }
  }

  private mutating func number() throws(JSONError) {
    let start = position
    _ = skip("-")
    let integerStart = position
    guard let first = byte, first &- UInt8(ascii: "0") < 10 else { throw error("expected a value") }
    try digits()
    if first == UInt8(ascii: "0"), position > integerStart + 1 {
      throw error("a number must not begin with 0")
    }
    if skip(".") { try digits() }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      try digits()
    }
    append(.number, from: start)
  }

  private mutating func string() throws(JSONError) {
    position += 1
    let start = position
    var (hasEscapes, isASCII) = (false, true)
    while let byte {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        let end = position - 1
        guard isASCII || text[start..<end].isUTF8 else { throw error("the string is not UTF-8") }
        tokens.append(
          Token(
            kind: .string, isPlain: isASCII && !hasEscapes, start: UInt32(start),
            end: UInt32(end), next: UInt32(tokens.count + 1)))
        return
      case UInt8(ascii: "\\"):
        hasEscapes = true
        _ = try escape()
      case 0..<0x20:
        position -= 1
        throw error("a control character stands in a string")
      default: if byte >= 0x80 { isASCII = false }
      }
    }
    throw error("a string is not closed")
  }

  /// The character that an escape stands for, after its backslash.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard let byte else { throw error("the text ends early") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try fourHexadecimalDigits()
      if (0xD800..<0xDC00).contains(code), skip("\\"), skip("u") {
        let low = try fourHexadecimalDigits()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      return scalar
    default: throw error("no such escape")
    }
  }

  /// The text of a string that has been found to be well formed.
  static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var reader = JSONTape()
    reader.text = bytes
    var scalars: [UInt8] = []
    while let byte = reader.byte {
      reader.position += 1
      if byte != UInt8(ascii: "\\") {
        scalars.append(byte)
      } else if let scalar = try? reader.escape() {
        scalars.append(contentsOf: UTF8.encode(scalar) ?? .init())
      }
    }
    return String(decoding: scalars, as: UTF8.self)
  }

  private mutating func fourHexadecimalDigits() throws(JSONError) -> UInt32 {
    guard position + 4 <= text.count,
      let code = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16),
      text[position] != UInt8(ascii: "+")
    else { throw error("expected four hexadecimal digits") }
    position += 4
    return code
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  fileprivate var isUTF8: Bool { String(validating: self, as: UTF8.self) != nil }
}

/// The names of an object that have been read, to find one that stands twice.
private struct JSONNames {
  private var count = 0
  private var all: Set<String> = []
  private static let few = 12

  /// Takes a name; the first stands at the place `first`.
  ///
  /// - Returns: Whether it is new.
  mutating func insert(_ name: Int, of tape: borrowing JSONTape, first: Int) -> Bool {
    count += 1
    guard count > Self.few else {
      return !tape.hasName(equalTo: name, from: first)
    }
    if all.isEmpty {
      var other = first
      while other < name {
        all.insert(tape.string(other))
        other = tape.next(other + 1)
      }
    }
    return all.insert(tape.string(name)).inserted
  }
}

extension JSONTape {
  /// Whether one of the names from the place `first` on is that at `name`, compared in turn.
  fileprivate func hasName(equalTo name: Int, from first: Int) -> Bool {
    var other = first
    while other < name {
      if isPlain(name), isPlain(other) {
        if bytes(other).elementsEqual(bytes(name)) { return true }
      } else if string(other) == string(name) {
        return true
      }
      other = next(other + 1)
    }
    return false
  }
}
