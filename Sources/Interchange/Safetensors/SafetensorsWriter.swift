public import FloatFormats
public import LossFunctions
public import SmallFoundation

/// Writes a file of tensors in the safetensors format.
///
/// The same tensors and metadata give the same bytes, in whatever order they were added: see
/// `SafetensorsLayout`.
public struct SafetensorsWriter: Sendable {
  private var tensors: [Entry] = []
  private let metadata: [String: String]

  private struct Entry {
    let name: String
    let elementType: SafetensorsTensor.ElementType
    let shape: [Int]
    let bytes: Data
  }

  /// A file without tensors.
  ///
  /// - Parameter metadata: The strings under `__metadata__`.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor of floating-point numbers, the last dimension running fastest.
  ///
  /// - Throws: Where the name is taken, the shape does not go with the number of values, the type
  ///   is one of integers, or a value is none of its numbers: nothing is rounded here.
  public mutating func add(
    _ name: String, _ values: [FloatValue], shape: [Int], as type: SafetensorsTensor.ElementType
  ) throws(SafetensorsError) {
    guard let format = type.format else {
      throw .wrongType(name: name, type.rawValue, expected: "a floating-point type")
    }
    try add(name, values, shape: shape, as: type) { value in
      format.encode(value).map { UInt64(truncatingIfNeeded: $0) }
    }
  }

  /// Adds a tensor of integers, the last dimension running fastest.
  ///
  /// - Throws: As for floating-point numbers.
  public mutating func add(
    _ name: String, integers: [Int], shape: [Int], as type: SafetensorsTensor.ElementType
  ) throws(SafetensorsError) {
    guard type.format == nil else {
      throw .wrongType(name: name, type.rawValue, expected: "an integer type")
    }
    try add(name, integers, shape: shape, as: type) { value in
      let isHeld = type == .int64 || Int32(exactly: value) != nil
      return isHeld ? UInt64(bitPattern: Int64(value)) : nil
    }
  }

  private mutating func add<Element>(
    _ name: String, _ elements: [Element], shape: [Int], as type: SafetensorsTensor.ElementType,
    encode: (Element) -> UInt64?
  ) throws(SafetensorsError) {
    guard name != "__metadata__", !tensors.contains(where: { $0.name == name }) else {
      throw .nameTaken(name)
    }
    let byteCount = elements.count * type.byteCount
    guard shape.allSatisfy({ $0 >= 0 }), type.byteCount.product(shape) == byteCount else {
      throw .sizeMismatch(name: name, shape: shape, bytes: byteCount)
    }
    var bytes = Data(capacity: byteCount)
    for (index, element) in elements.enumerated() {
      guard let bits = encode(element) else {
        throw .wrongValue(name: name, index: index, expected: "a number of \(type.rawValue)")
      }
      withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0.prefix(type.byteCount)) }
    }
    tensors.append(Entry(name: name, elementType: type, shape: shape, bytes: bytes))
  }

  /// The bytes of the file.
  public var data: Data {
    let layout = SafetensorsLayout(
      tensors.map { .init(name: $0.name, elementType: $0.elementType, shape: $0.shape) },
      byteCounts: tensors.map(\.bytes.count), metadata: metadata)
    return layout.order.reduce(layout.header) { $0 + tensors[$1].bytes }
  }

  /// Writes the file whole or not at all.
  ///
  /// - Throws: Where the file cannot be written.
  public func write(to url: URL) throws(FileWriteError) {
    try PartialFile.write(data, to: url.path)
  }
}
