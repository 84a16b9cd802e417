public import FloatFormats
internal import Foundation

/// One tensor of a safetensors file.
public struct SafetensorsTensor: Sendable {
  /// The types of elements that losses come in.
  public enum ElementType: String, CaseIterable, Sendable {
    case float8E4M3FN = "F8_E4M3"
    case float8E5M2 = "F8_E5M2"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float32 = "F32"
    case float64 = "F64"
    case int32 = "I32"
    case int64 = "I64"

    /// The type of a format's numbers; nil where safetensors has none.
    public init?(_ format: FloatFormat) {
      guard let type = Self.allCases.first(where: { $0.format == format }) else { return nil }
      self = type
    }

    /// The number of bytes of one element.
    public var byteCount: Int {
      switch self {
      case .float8E4M3FN, .float8E5M2: 1
      case .float16, .bfloat16: 2
      case .float32, .int32: 4
      case .float64, .int64: 8
      }
    }

    /// The number of bytes of a tensor of that many elements in each dimension.
    ///
    /// - Returns: nil where it is more than an `Int` holds.
    func byteCount(shape: [Int]) -> Int? {
      var result = byteCount
      for extent in shape {
        let (product, overflow) = result.multipliedReportingOverflow(by: extent)
        if overflow { return nil }
        result = product
      }
      return result
    }

    /// The floating-point format; nil for integers.
    public var format: FloatFormat? {
      switch self {
      case .float8E4M3FN: .float8E4M3FN
      case .float8E5M2: .float8E5M2
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .float32: .float32
      case .float64: .float64
      case .int32, .int64: nil
      }
    }
  }

  /// The name.
  public let name: String
  /// The type of the elements.
  public let elementType: ElementType
  /// The extent of each dimension.
  public let shape: [Int]
  /// Where the elements lie, from the end of the header.
  let offsets: Range<Int>
  private let bytes: Data

  /// The number of elements.
  public var count: Int { offsets.count / elementType.byteCount }

  init(name: String, _ value: JSONValue, body: Data) throws(SafetensorsError) {
    guard case .object(let members) = value else { throw .notAnObject(field: name) }
    guard case .string(let typeName)? = members["dtype"] else {
      throw .malformed(name: name, field: "dtype")
    }
    guard let elementType = ElementType(rawValue: typeName) else {
      throw .unknownType(name: name, typeName)
    }
    let shape = try Self.integers(members["shape"], name: name, field: "shape")
    let offsets = try Self.integers(members["data_offsets"], name: name, field: "data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .malformed(name: name, field: "data_offsets")
    }
    guard offsets[1] <= body.count else {
      throw .outOfBounds(name: name, end: offsets[1], available: body.count)
    }
    guard elementType.byteCount(shape: shape) == offsets[1] - offsets[0] else {
      throw .sizeMismatch(name: name, shape: shape, bytes: offsets[1] - offsets[0])
    }
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.offsets = offsets[0]..<offsets[1]
    bytes = body[(body.startIndex + offsets[0])..<(body.startIndex + offsets[1])]
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

  /// The bits of the element with an index, which must be below `count`.
  private func bits(_ index: Int) -> UInt64 {
    let start = bytes.startIndex + index * elementType.byteCount
    return bytes[start..<start + elementType.byteCount].reversed()
      .reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The elements as numbers.
  ///
  /// - Throws: `wrongType` for integers.
  public func values() throws(SafetensorsError) -> [FloatValue] {
    guard let format = elementType.format else {
      throw .wrongType(name: name, elementType.rawValue, expected: "a floating-point type")
    }
    return (0..<count).map { format.decode(UInt128(bits($0))) }
  }

  /// The elements as integers.
  ///
  /// - Throws: `wrongType` for floating-point numbers.
  public func integers() throws(SafetensorsError) -> [Int] {
    switch elementType {
    case .int32: return (0..<count).map { Int(Int32(truncatingIfNeeded: bits($0))) }
    case .int64: return (0..<count).map { Int(Int64(bitPattern: bits($0))) }
    default: throw .wrongType(name: name, elementType.rawValue, expected: "an integer type")
    }
  }
}
