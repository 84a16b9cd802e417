/// What a safetensors header says of one tensor.
struct SafetensorsEntry: Sendable {
  let name: String
  /// The type of the elements, as it is written: perhaps one that is not known here.
  let typeName: String
  let shape: [Int]
  /// Where the elements lie, from the end of the header.
  let offsets: Range<Int>

  init(name: String, _ value: JSONValue, bodyByteCount: Int) throws(SafetensorsError) {
    guard case .object(let members) = value else { throw .notAnObject(field: name) }
    guard case .string(let typeName)? = members["dtype"] else {
      throw .malformed(name: name, field: "dtype")
    }
    let shape = try Self.integers(members["shape"], name: name, field: "shape")
    let offsets = try Self.integers(members["data_offsets"], name: name, field: "data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .malformed(name: name, field: "data_offsets")
    }
    guard offsets[1] <= bodyByteCount else {
      throw .outOfBounds(name: name, end: offsets[1], available: bodyByteCount)
    }
    self.name = name
    self.typeName = typeName
    self.shape = shape
    self.offsets = offsets[0]..<offsets[1]
  }

  private static func integers(
    _ value: JSONValue?, name: String, field: String
  ) throws(SafetensorsError) -> [Int] {
    guard case .array(let elements)? = value else { throw .malformed(name: name, field: field) }
    var result: [Int] = []
    for element in elements {
      guard case .number(let text) = element, let integer = Int(text), integer >= 0 else {
        throw .malformed(name: name, field: field)
      }
      result.append(integer)
    }
    return result
  }
}
