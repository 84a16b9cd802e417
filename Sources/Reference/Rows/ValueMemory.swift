internal import FloatFormats

/// Memory that values are written to, one after another, where NaN stands for what is not decided.
package struct ValueMemory {
  private let start: UnsafeMutableRawPointer
  private let layout: RowNumbers.Layout

  /// Memory that need not be aligned.
  package init(_ start: UnsafeMutableRawPointer, _ layout: RowNumbers.Layout) {
    (self.start, self.layout) = (start, layout)
  }

  private var size: Int {
    switch layout {
    case .doubles: 8
    case .floats: 4
    case .encodings(let format): format.byteCount
    }
  }

  func advanced(by count: Int) -> ValueMemory { ValueMemory(start + count * size, layout) }

  /// Writes a number that the layout's format holds, or NaN.
  @inline(__always)
  func store(_ value: Double, at place: Int) {
    switch layout {
    case .doubles: start.storeBytes(of: value, toByteOffset: 8 * place, as: Double.self)
    case .floats: start.storeBytes(of: Float(value), toByteOffset: 4 * place, as: Float.self)
    case .encodings(let format):
      let encoding = format.encoding(value)
      for byte in 0..<format.byteCount {
        start.storeBytes(
          of: UInt8(truncatingIfNeeded: encoding &>> UInt64(8 * byte)),
          toByteOffset: place * format.byteCount + byte, as: UInt8.self)
      }
    }
  }

  /// Leaves so many values undecided.
  package func clear(_ count: Int) {
    guard count > 0 else { return }
    store(.nan, at: 0)
    for place in 1..<count {
      (start + place * size).copyMemory(from: start, byteCount: size)
    }
  }

  @inline(__always)
  func isNaN(at place: Int) -> Bool { RowNumbers(start, layout, count: place + 1)[place].isNaN }

  /// Whether one of so many values is not decided.
  package func hasNaN(_ count: Int) -> Bool { (0..<count).contains(where: isNaN) }
}
