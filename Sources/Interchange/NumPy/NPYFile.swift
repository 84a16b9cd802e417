public import FloatFormats
package import LossFunctions
public import SmallFoundation

/// An array of floating-point numbers in NumPy's `.npy` format, versions 1 to 3.
///
/// The layout is the magic string, two bytes of version, the length of the header (2 bytes, or 4 from
/// version 2 on, little-endian), the header, which is the text of a Python dictionary, and the
/// elements. See "A Simple File Format for NumPy Arrays", `numpy.lib.format`. Nothing in the header is
/// evaluated, and nothing is allocated for what it claims.
public struct NPYFile: Sendable {
  /// The format of the elements.
  public let format: FloatFormat
  /// The extent of each dimension.
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  private let file: FileBytes
  /// Where the elements begin.
  private let start: Int

  private static let magic: [UInt8] = [0x93] + "NUMPY".utf8
  private static let zipMagic = Array("PK".utf8)
  /// As in `numpy.load`, which takes no more where the file is not trusted.
  private static let greatestHeaderByteCount = 10_000

  /// Reads the header of a file's bytes.
  ///
  /// - Throws: What is wrong with it.
  public init(_ data: Data) throws(NPYError) { try self.init(FileBytes(data)) }

  init(_ file: FileBytes) throws(NPYError) {
    let opening = try file.read(0..<min(file.count, 12), orThrow: NPYError.access)
    guard !opening.starts(with: Self.zipMagic) else { throw .archive }
    guard opening.starts(with: Self.magic), opening.count >= 10 else { throw .notNPY }
    let (major, minor) = (Int(opening[6]), Int(opening[7]))
    guard (1...3).contains(major), minor == 0 else {
      throw .unknownVersion(major: major, minor: minor)
    }
    let lengthByteCount = major == 1 ? 2 : 4
    let headerOffset = 8 + lengthByteCount
    let claimed = opening[8...].prefix(lengthByteCount).reversed().reduce(0) { $0 << 8 | Int($1) }
    let available = min(max(file.count - headerOffset, 0), Self.greatestHeaderByteCount)
    guard claimed <= available else {
      throw .headerTooLong(claimed: claimed, available: available)
    }
    start = headerOffset + claimed
    let header = try NPYHeader(
      parsing: file.read(headerOffset..<start, orThrow: NPYError.access))
    guard !header.isFortranOrder else { throw .fortranOrder }
    format = try Self.format(of: header.type)
    shape = header.shape
    let byteCount = file.count - start
    guard 1.product(shape + [format.byteCount]) == byteCount else {
      throw .sizeMismatch(shape: shape, bytes: byteCount)
    }
    count = byteCount / format.byteCount
    self.file = file
  }

  private static func format(of type: String) throws(NPYError) -> FloatFormat {
    switch type {
    case "<f2": return .float16
    case "<f4": return .float32
    case "<f8": return .float64
    default: break
    }
    let reason =
      if type.hasPrefix(">") {
        "big-endian"
      } else if type.hasPrefix("|O") {
        "Python objects"
      } else if type.contains("V") || type == "<f1" || type == "|f1" {
        // What NumPy writes for the types of ml_dtypes, all alike.
        "bytes whose meaning the file does not tell, as of bfloat16 or float8"
      } else if type.dropFirst().hasPrefix("f") {
        "a width that is not known here"
      } else {
        "no floating-point numbers"
      }
    throw .unsupportedType(type, reason: reason)
  }

  /// Some elements, in the order of rows; their places must be below `count`.
  ///
  /// - Throws: `access`.
  package func column(_ range: Range<Int>) throws(NPYError) -> NumberColumn {
    let size = format.byteCount
    let bytes = try file.read(
      start + range.lowerBound * size..<start + range.upperBound * size, orThrow: NPYError.access)
    return bytes.withUnsafeBytes { NumberColumn(format, decoding: $0) }
  }
}
