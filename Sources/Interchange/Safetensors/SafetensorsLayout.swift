public import SmallFoundation

/// Where everything of a safetensors file lies: its header, and the place of each tensor.
///
/// As in the format's own library the widest elements come first and the header is filled up with
/// spaces to a multiple of 8 bytes, so that each tensor is aligned where the file is mapped into
/// memory. The layout needs no elements, so a file larger than memory can be written in pieces.
public struct SafetensorsLayout: Sendable {
  /// What the header says of a tensor, but for its place.
  public struct Tensor: Sendable {
    /// The name.
    public let name: String
    /// The type of the elements.
    public let elementType: SafetensorsTensor.ElementType
    /// The extent of each dimension.
    public let shape: [Int]

    /// A tensor.
    public init(name: String, elementType: SafetensorsTensor.ElementType, shape: [Int]) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
    }
  }

  /// The header with its length before it: all that comes before the tensors.
  public let header: Data
  /// Where each tensor begins in the file, in the order in which they were given.
  public let offsets: [Int]
  /// The number of bytes of the file.
  public let byteCount: Int
  /// The tensors in the order of the file, as places in the order in which they were given.
  let order: [Int]

  /// The layout of a file.
  ///
  /// - Throws: `tooLarge` where the file has more bytes than can be counted.
  public init(_ tensors: [Tensor], metadata: [String: String]) throws(SafetensorsError) {
    var byteCounts: [Int] = []
    var total = 0
    for tensor in tensors {
      guard tensor.shape.allSatisfy({ $0 >= 0 }),
        let count = tensor.elementType.byteCount.product(tensor.shape),
        // Beyond any header, so that no sum below overflows.
        case (let sum, false) = total.addingReportingOverflow(count), sum < Int.max / 2
      else { throw .tooLarge(name: tensor.name, shape: tensor.shape) }
      byteCounts.append(count)
      total = sum
    }
    self.init(tensors, byteCounts: byteCounts, metadata: metadata)
  }

  /// The layout of tensors whose sizes are known to be those of their shapes.
  init(_ tensors: [Tensor], byteCounts: [Int], metadata: [String: String]) {
    var members: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key < $1.key }.map {
        "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))"
      }
      members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    order = tensors.indices.sorted {
      (-tensors[$0].elementType.byteCount, tensors[$0].name)
        < (-tensors[$1].elementType.byteCount, tensors[$1].name)
    }
    var starts = [Int](repeating: 0, count: tensors.count)
    var end = 0
    for index in order {
      let tensor = tensors[index]
      starts[index] = end
      end += byteCounts[index]
      let extents = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSONValue.quoted(tensor.name)):{\"dtype\":\"\(tensor.elementType.rawValue)\","
          + "\"shape\":[\(extents)],\"data_offsets\":[\(starts[index]),\(end)]}")
    }
    var text = Data("{\(members.joined(separator: ","))}".utf8)
    text += Data(repeating: UInt8(ascii: " "), count: -text.count & 7)
    let header = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
    self.header = header
    offsets = starts.map { header.count + $0 }
    byteCount = header.count + end
  }
}
