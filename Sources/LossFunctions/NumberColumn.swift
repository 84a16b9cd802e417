public import FloatFormats

/// Numbers of one format, one after another.
///
/// They stand as doubles where float64 holds all numbers of the format, as it does but for the widest,
/// and else as values. So a column of a usual format is plain memory that kernels read and write.
public struct NumberColumn: Hashable, Sendable {
  /// The format of all the numbers.
  public let format: FloatFormat
  /// The numbers; empty where float64 does not hold the format.
  public internal(set) var doubles: [Double] = []
  /// The numbers of a format that float64 does not hold; else empty.
  private var values: [FloatValue] = []

  /// No numbers.
  public init(_ format: FloatFormat) { self.format = format }

  /// Numbers that are known to be of the format, which float64 holds.
  package init(_ format: FloatFormat, doubles: [Double]) {
    self.format = format
    self.doubles = doubles
  }

  /// One number of the format, so many times.
  package init(_ format: FloatFormat, repeating value: FloatValue, count: Int) {
    self.format = format
    if format.isWithinFloat64 {
      doubles = [Double](repeating: value.double, count: count)
    } else {
      values = [FloatValue](repeating: value, count: count)
    }
  }

  /// Numbers that are known to be of the format, which float32 holds.
  package init(_ format: FloatFormat, floats: [Float]) {
    self.format = format
    // Through pointers, for compilers to make vectors of.
    doubles = [Double](unsafeUninitializedCapacity: floats.count) { doubles, count in
      floats.withUnsafeBufferPointer { for i in $0.indices { doubles[i] = Double($0[i]) } }
      count = floats.count
    }
  }

  /// The numbers of a format that float32 holds.
  package var floats: [Float] {
    [Float](unsafeUninitializedCapacity: doubles.count) { floats, count in
      doubles.withUnsafeBufferPointer { for i in $0.indices { floats[i] = Float($0[i]) } }
      count = doubles.count
    }
  }

  /// As many numbers as `count`, of a format that float32 holds, from columns of some at a time: of all at once, the
  /// column would take twice the memory of its floats.
  ///
  /// - Parameter piece: The numbers of a range of places.
  package static func floats<Failure: Error>(
    count: Int, _ piece: (Range<Int>) throws(Failure) -> NumberColumn
  ) throws(Failure) -> [Float] {
    var floats: [Float] = []
    floats.reserveCapacity(count)
    for start in stride(from: 0, to: count, by: pieceSize) {
      floats += try piece(start..<min(start + pieceSize, count)).floats
    }
    return floats
  }

  /// How many numbers of a long column are taken at a time where not all need be.
  package static let pieceSize = 1 << 17

  /// How many there are.
  public var count: Int { format.isWithinFloat64 ? doubles.count : values.count }

  /// The number at a place.
  public subscript(index: Int) -> FloatValue {
    format.isWithinFloat64 ? FloatValue(doubles[index]) : values[index]
  }

  /// The numbers of a range of places.
  public subscript(range: Range<Int>) -> [FloatValue] {
    format.isWithinFloat64 ? doubles[range].map { FloatValue($0) } : Array(values[range])
  }

  /// Makes room for as many numbers.
  public mutating func reserveCapacity(_ count: Int) {
    if format.isWithinFloat64 {
      doubles.reserveCapacity(count)
    } else {
      values.reserveCapacity(count)
    }
  }

  /// Appends a number of the format.
  public mutating func append(_ value: FloatValue) {
    if format.isWithinFloat64 { doubles.append(value.double) } else { values.append(value) }
  }

  /// Appends a number of the format.
  package mutating func append(_ value: Double) {
    if format.isWithinFloat64 { doubles.append(value) } else { values.append(FloatValue(value)) }
  }

  /// Appends the numbers that encodings stand for.
  package mutating func append(encodings: [UInt128]) {
    switch format {
    case .float32:
      append(encodings) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
    case .float64:
      append(encodings) { Double(bitPattern: UInt64(truncatingIfNeeded: $0)) }
    case _ where format.isWithinFloat64:
      append(encodings) { [format] in format.double(UInt64(truncatingIfNeeded: $0)) }
    default: for bits in encodings { values.append(format.decode(bits)) }
    }
  }

  /// Makes the room for all first, for the loop to be over plain memory.
  @inline(__always)
  private mutating func append(_ encodings: [UInt128], _ double: (UInt128) -> Double) {
    let start = doubles.count
    doubles.append(contentsOf: repeatElement(0, count: encodings.count))
    doubles.withUnsafeMutableBufferPointer { doubles in
      for index in encodings.indices { doubles[start + index] = double(encodings[index]) }
    }
  }

  /// The numbers that encodings, little-endian and one after another, stand for.
  package init(_ format: FloatFormat, decoding bytes: UnsafeRawBufferPointer) {
    self.format = format
    guard !format.isWithinFloat64 else {
      doubles = format.decoded(bytes)
      return
    }
    let size = format.byteCount
    values = (0..<bytes.count / size).map { index in
      let encoding = bytes[index * size..<(index + 1) * size].reversed()
      return format.decode(encoding.reduce(0 as UInt128) { $0 << 8 | UInt128($1) })
    }
  }

  /// The encodings of the numbers: little-endian, one after another.
  package var encoded: [UInt8] { encoded(0..<count) }

  /// The encodings of the numbers of a range.
  package func encoded(_ range: Range<Int>) -> [UInt8] {
    guard !format.isWithinFloat64 else { return format.encoded(doubles[range]) }
    return values[range].flatMap { value in
      withUnsafeBytes(of: (format.encode(value) ?? 0).littleEndian) {
        Array($0.prefix(format.byteCount))
      }
    }
  }

  /// Puts a number of the format in the place of another.
  package mutating func set(_ value: FloatValue, at index: Int) {
    if format.isWithinFloat64 { doubles[index] = value.double } else { values[index] = value }
  }

  /// Appends numbers of the same format.
  package mutating func append(_ other: NumberColumn, _ range: Range<Int>) {
    if format.isWithinFloat64 {
      doubles.append(contentsOf: other.doubles[range])
    } else {
      values.append(contentsOf: other.values[range])
    }
  }

  /// Calls `body` with the doubles, to be written in place as numbers of the format.
  package mutating func withDoubles<Result>(
    _ body: (UnsafeMutableBufferPointer<Double>) throws -> Result
  ) rethrows -> Result {
    try doubles.withUnsafeMutableBufferPointer { try body($0) }
  }

  /// Leaves no number, and keeps the room.
  package mutating func removeAll() {
    doubles.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }
}
