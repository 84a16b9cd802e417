/// Correctly rounded values of many rows, where a proven bound decides.
package protocol BulkTier: Sendable {
  /// The type of logits and values.
  associatedtype Number: BinaryFloatingPoint & SendableMetatype

  /// Fills the outputs of whole rows with the correctly rounded values.
  ///
  /// Undecided ones are NaN, and so are those of rows with infinite or NaN logits, or of labels that are
  /// no classes. No other value is NaN.
  ///
  /// - Parameters:
  ///   - labels: One for each row; empty for functions without a target.
  ///   - outputs: One value for each row, or for each logit.
  /// - Returns: Whether all are decided.
  /// - Complexity: O(n) time; O(classCount) memory for outputs by class, else O(1).
  func fill(
    _ outputs: UnsafeMutableBufferPointer<Number>, logits: UnsafeBufferPointer<Number>,
    classCount: Int, labels: UnsafeBufferPointer<Int32>
  ) -> Bool
}

extension BulkTier {
  /// The functions of one logit, block by block: `fill` is called with logits that are negated for
  /// label 1, as f(z; 1) is f(−z; 0), or its negative for a gradient. So the lanes of a block do the same
  /// whatever their labels.
  func fillBlocks(
    _ outputs: UnsafeMutableBufferPointer<Number>, _ logits: UnsafeBufferPointer<Number>,
    _ labels: UnsafeBufferPointer<Int32>, isGradient: Bool,
    turn: (
      UnsafePointer<Number>?, UnsafePointer<Int32>?, Int, UnsafeMutablePointer<Number>?
    ) -> Int32,
    _ fill: (UnsafeBufferPointer<Number>, UnsafeMutableBufferPointer<Number>) -> Int
  ) -> Bool {
    var isDecided = true
    withAlignedScratch(of: Number.self, capacity: bulkBlockSize) { turned in
      for start in stride(from: 0, to: logits.count, by: bulkBlockSize) {
        let range = start..<min(start + bulkBlockSize, logits.count)
        let some = UnsafeBufferPointer(rebasing: logits[range])
        let special = turn(
          some.baseAddress, labels.baseAddress.map { $0 + start }, range.count,
          labels.isEmpty ? nil : turned.baseAddress)
        let values = UnsafeMutableBufferPointer(rebasing: outputs[range])
        let undecidedCount = fill(
          labels.isEmpty ? some : UnsafeBufferPointer(rebasing: turned[..<range.count]), values)
        // Infinite and NaN logits may have left a number.
        if special != 0 {
          for i in range where !logits[i].isFinite { outputs[i] = .nan }
        }
        if isGradient {
          _ = turn(
            values.baseAddress.map { UnsafePointer($0) }, labels.baseAddress.map { $0 + start },
            range.count, values.baseAddress)
        }
        isDecided = isDecided && undecidedCount == 0 && special == 0
      }
    }
    return isDecided
  }
}

/// Room for numbers that begins at a cache line: stores of eight doubles that cross lines take twice as long.
func withAlignedScratch<Number, Output>(
  of type: Number.Type, capacity: Int, _ body: (UnsafeMutableBufferPointer<Number>) -> Output
) -> Output {
  withUnsafeTemporaryAllocation(
    byteCount: capacity * MemoryLayout<Number>.stride, alignment: 64
  ) { body($0.bindMemory(to: type)) }
}

/// The number of logits that are worked on at a time, small enough to stay in the first cache.
let bulkBlockSize = 1024
