internal import LossFunctions

/// The dictionary in the header of a `.npy` file: `{'descr': '<f4', 'fortran_order': False,
/// 'shape': (3, 4), }`, and nothing else of Python's language.
struct NPYHeader {
  private(set) var type = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private let text: [UInt8]
  private var position = 0

  init(parsing text: [UInt8]) throws(NPYError) {
    self.text = text
    var present: Set<String> = []
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr":
        skipSpace()
        guard next != UInt8(ascii: "[") else {
          throw .unsupportedType("[…]", reason: "records of several fields")
        }
        type = try string()
      case "fortran_order": isFortranOrder = try boolean()
      case "shape": shape = try integers()
      default: throw .malformed(problem: "it has the key \(key.shown)")
      }
      guard present.insert(key).inserted else {
        throw .malformed(problem: "\(key.shown) stands twice")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard next == nil else { throw .malformed(problem: "something follows it") }
    for key in ["descr", "fortran_order", "shape"] where !present.contains(key) {
      throw .malformed(problem: "\(key.shown) is missing")
    }
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A { position += 1 }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    skipSpace()
    let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard text[position...].starts(with: word) else { return false }
    position += word.count
    return true
  }

  private mutating func expect(_ word: StaticString) throws(NPYError) {
    guard take(word) else { throw .malformed(problem: "no \(word) at byte \(position)") }
  }

  private mutating func boolean() throws(NPYError) -> Bool {
    if take("True") { return true }
    guard take("False") else { throw .malformed(problem: "\"fortran_order\" is no boolean") }
    return false
  }

  /// A string without escapes: none of NumPy's types and keys has any.
  private mutating func string() throws(NPYError) -> String {
    skipSpace()
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw .malformed(problem: "no string at byte \(position)")
    }
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote),
      !text[start..<end].contains(UInt8(ascii: "\\"))
    else { throw .malformed(problem: "no end of the string at byte \(position)") }
    position = end + 1
    return String(decoding: text[start..<end], as: UTF8.self)
  }

  private mutating func integers() throws(NPYError) -> [Int] {
    try expect("(")
    var result: [Int] = []
    while !take(")") {
      skipSpace()
      let digits = text[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let integer = Int(String(decoding: digits, as: UTF8.self)) else {
        throw .malformed(problem: "\"shape\" holds no extent at byte \(position)")
      }
      position += digits.count
      result.append(integer)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return result
  }
}
