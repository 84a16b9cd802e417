package import FloatFormats
package import LossFunctions

/// The numbers of a row as doubles, read where they lie: in a column, or in the memory of a caller.
package struct RowNumbers {
  /// How many there are.
  package let count: Int
  private let start: UnsafeRawPointer?
  private let layout: Layout

  /// How numbers lie in memory.
  package enum Layout: Sendable {
    case doubles
    case floats
    /// Encodings of a format that float64 holds, in the machine's byte order.
    case encodings(FloatFormat)

    /// - Returns: nil of a format that float64 does not hold.
    package init?(_ format: FloatFormat) {
      switch format {
      case .float64: self = .doubles
      case .float32: self = .floats
      case _ where format.isWithinFloat64: self = .encodings(format)
      default: return nil
      }
    }
  }

  /// Numbers from a place on, which need not be aligned.
  package init(_ start: UnsafeRawPointer?, _ layout: Layout, count: Int) {
    (self.start, self.layout, self.count) = (start, layout, count)
  }

  /// Doubles.
  package init(_ numbers: UnsafeBufferPointer<Double>) {
    self.init(numbers.baseAddress, .doubles, count: numbers.count)
  }

  /// No numbers.
  package static var none: RowNumbers { RowNumbers(nil, .doubles, count: 0) }

  @inline(__always)
  package subscript(index: Int) -> Double {
    guard let start else { return .nan }
    switch layout {
    case .doubles: return start.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
    case .floats: return Double(start.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
    case .encodings(let format) where format.byteCount == 2:
      let encoding = start.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
      return format.double(UInt64(encoding))
    case .encodings(let format):
      var encoding: UInt64 = 0
      let size = format.byteCount
      for byte in 0..<size {
        encoding |=
          UInt64(start.load(fromByteOffset: index * size + byte, as: UInt8.self))
          &<< UInt64(8 * byte)
      }
      return format.double(encoding)
    }
  }

  /// The index of the first of the greatest.
  var greatest: Int {
    var greatest = 0
    for index in 0..<count where self[index] > self[greatest] { greatest = index }
    return greatest
  }

  /// Whether all of them fulfil a condition.
  func allSatisfy(_ isFulfilled: (Double) -> Bool) -> Bool {
    for index in 0..<count where !isFulfilled(self[index]) { return false }
    return true
  }

  /// Where they lie, if they are doubles there.
  var inPlace: UnsafePointer<Double>? {
    guard case .doubles = layout, let start, UInt(bitPattern: start) % 8 == 0 else { return nil }
    return start.assumingMemoryBound(to: Double.self)
  }

  /// Copies a stretch.
  func copy(_ stretch: Range<Int>, to room: UnsafeMutablePointer<Double>) {
    if case .floats = layout, let start {
      let floats = start + 4 * stretch.lowerBound
      for place in 0..<stretch.count {
        room[place] = Double(floats.loadUnaligned(fromByteOffset: 4 * place, as: Float.self))
      }
      return
    }
    for index in stretch { room[index - stretch.lowerBound] = self[index] }
  }
}

/// A row of a function's inputs, where they lie.
package struct RowView {
  package var logits: RowNumbers
  package var targetKind = TargetKind.none
  package var label: Int?
  /// The probabilities of the target, or its logits.
  package var target = RowNumbers.none
  package var gradOutput = RowNumbers.none

  package init(_ logits: RowNumbers) { self.logits = logits }

  /// The number of classes.
  package var count: Int { logits.count }
}

extension LossRows {
  /// Calls `body` with each row of a format that float64 holds.
  func forEachView(_ body: (_ row: Int, RowView) -> Void) {
    logits.doubles.withUnsafeBufferPointer { logits in
      probabilities.doubles.withUnsafeBufferPointer { targets in
        gradOutputs.doubles.withUnsafeBufferPointer { gradOutputs in
          for row in 0..<count {
            let places = row * classCount..<(row + 1) * classCount
            var view = RowView(RowNumbers(UnsafeBufferPointer(rebasing: logits[places])))
            view.targetKind = targetKind
            if targetKind == .index { view.label = Int(labels[row]) }
            if !targets.isEmpty {
              view.target = RowNumbers(UnsafeBufferPointer(rebasing: targets[places]))
            }
            if !gradOutputs.isEmpty {
              view.gradOutput = RowNumbers(
                UnsafeBufferPointer(rebasing: gradOutputs[gradOutputPlaces(row)]))
            }
            body(row, view)
          }
        }
      }
    }
  }
}
