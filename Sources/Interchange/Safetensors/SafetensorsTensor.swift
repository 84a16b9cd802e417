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
  /// The number of elements.
  public let count: Int
  private let bytes: Data

  init(_ entry: SafetensorsEntry, body: Data) throws(SafetensorsError) {
    guard let elementType = ElementType(rawValue: entry.typeName) else {
      throw .unknownType(name: entry.name, entry.typeName)
    }
    let offsets = entry.offsets
    guard elementType.byteCount(shape: entry.shape) == offsets.count else {
      throw .sizeMismatch(name: entry.name, shape: entry.shape, bytes: offsets.count)
    }
    name = entry.name
    self.elementType = elementType
    shape = entry.shape
    count = offsets.count / elementType.byteCount
    bytes = body[(body.startIndex + offsets.lowerBound)..<(body.startIndex + offsets.upperBound)]
  }

  /// The elements as numbers.
  ///
  /// - Throws: `wrongType` for integers.
  public func values() throws(SafetensorsError) -> [FloatValue] { try values(in: 0..<count) }

  /// Some elements as numbers; their places must be below `count`.
  ///
  /// - Throws: `wrongType` for integers.
  public func values(in range: Range<Int>) throws(SafetensorsError) -> [FloatValue] {
    guard let format = elementType.format else {
      throw .wrongType(name: name, elementType.rawValue, expected: "a floating-point type")
    }
    return bytes.littleEndianElements(range, byteCount: elementType.byteCount) {
      format.decode(UInt128($0))
    }
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
    let isWide = elementType == .int64
    return bytes.littleEndianElements(range, byteCount: elementType.byteCount) { bits in
      isWide ? Int(Int64(bitPattern: bits)) : Int(Int32(truncatingIfNeeded: bits))
    }
  }
}

extension Data {
  /// Elements of an array of up to 8 bytes each, from their bits.
  func littleEndianElements<Element>(
    _ range: Range<Int>, byteCount: Int, _ element: (UInt64) -> Element
  ) -> [Element] {
    withUnsafeBytes { bytes in
      range.map { index in
        var bits: UInt64 = 0
        for offset in 0..<byteCount {
          bits |= UInt64(bytes[index * byteCount + offset]) << UInt64(8 * offset)
        }
        return element(bits)
      }
    }
  }
}
