/// What a safetensors header says of one tensor.
struct SafetensorsEntry: Sendable {
  let name: String
  /// The type of the elements, as it is written: perhaps one that is not known here.
  let typeName: String
  let shape: [Int]
  /// Where the elements lie, from the end of the header.
  let offsets: Range<Int>

  /// The numbers of bits of an element of the types that the format's own library knows.
  private static let bitCounts = [
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
  ]

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
    guard let elementBitCount = Self.bitCounts[typeName] else {
      throw .unknownType(name: name, typeName, known: Self.bitCounts.keys.sorted())
    }
    let bitCount = 1.product(shape + [elementBitCount])
    guard bitCount == (offsets[1] - offsets[0]).product([8]) else {
      throw .sizeMismatch(name: name, shape: shape, bytes: offsets[1] - offsets[0])
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
      guard case .number(let text) = element, !text.hasPrefix("-"), let integer = Int(text) else {
        throw .malformed(name: name, field: field)
      }
      result.append(integer)
    }
    return result
  }
}

extension Int {
  /// This times all the factors, in turn; nil where a product is more than an `Int` holds.
  func product(_ factors: [Int]) -> Int? {
    factors.reduce(self) { product, factor in
      guard let (product, overflow) = product.map({ $0.multipliedReportingOverflow(by: factor) })
      else { return nil }
      return overflow ? nil : product
    }
  }
}
