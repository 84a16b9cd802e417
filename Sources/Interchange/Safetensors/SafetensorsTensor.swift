public import FloatFormats
package import LossFunctions

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
  /// The number of elements.
  public let count: Int
  private let file: FileBytes
  private let start: Int

  init(_ entry: SafetensorsEntry, of file: FileBytes, from start: Int) throws(SafetensorsError) {
    guard let elementType = ElementType(rawValue: entry.typeName) else {
      throw .unknownType(
        name: entry.name, entry.typeName, known: ElementType.allCases.map(\.rawValue))
    }
    name = entry.name
    self.elementType = elementType
    shape = entry.shape
    count = entry.offsets.count / elementType.byteCount
    self.file = file
    self.start = start + entry.offsets.lowerBound
  }

  /// The bytes of some elements.
  private func bytes(_ range: Range<Int>) throws(SafetensorsError) -> [UInt8] {
    let size = elementType.byteCount
    return try file.read(
      start + range.lowerBound * size..<start + range.upperBound * size,
      orThrow: SafetensorsError.access)
  }

  /// The elements as numbers.
  ///
  /// - Throws: `wrongType` for integers.
  public func values() throws(SafetensorsError) -> [FloatValue] { try values(in: 0..<count) }

  /// Some elements as numbers; their places must be below `count`.
  ///
  /// - Throws: `wrongType` for integers.
  public func values(in range: Range<Int>) throws(SafetensorsError) -> [FloatValue] {
    try column(range)[0..<range.count]
  }

  /// The same as a column.
  package func column(_ range: Range<Int>) throws(SafetensorsError) -> NumberColumn {
    guard let format = elementType.format else {
      throw .wrongType(name: name, elementType.rawValue, expected: "a floating-point type")
    }
    return try bytes(range).withUnsafeBytes { NumberColumn(format, decoding: $0) }
  }

  /// The elements as integers.
  ///
  /// - Throws: `wrongType` for floating-point numbers.
  public func integers() throws(SafetensorsError) -> [Int] { try integers(in: 0..<count) }

  /// Some elements as integers; their places must be below `count`.
  ///
  /// - Throws: `wrongType` for floating-point numbers.
  public func integers(in range: Range<Int>) throws(SafetensorsError) -> [Int] {
    guard elementType == .int32 || elementType == .int64 else {
      throw .wrongType(name: name, elementType.rawValue, expected: "an integer type")
    }
    let size = elementType.byteCount
    return try bytes(range).withUnsafeBytes { bytes in
      (0..<range.count).map { index in
        size == 8
          ? Int(
            Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * size, as: Int64.self)))
          : Int(
            Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * size, as: Int32.self)))
      }
    }
  }
}
