internal import FastKernels

/// Correctly rounded values of many rows, where a proven bound decides.
package protocol BulkTier<Number>: Sendable {
  /// The type of logits and values.
  associatedtype Number: BinaryFloatingPoint & SendableMetatype

  /// Fills the outputs of whole rows with the correctly rounded values.
  ///
  /// Undecided ones are NaN, and so are those of rows with infinite or NaN logits, of labels that are no
  /// classes, and of numbers that are no targets. No other value is NaN.
  ///
  /// - Parameters:
  ///   - targets: Those of the rows; for functions of one logit labels or numbers, for others labels.
  ///   - outputs: One value for each row, or for each logit.
  /// - Returns: Whether all are decided.
  /// - Complexity: O(n) time; O(classCount) memory for outputs by class, else O(1).
  func fill(
    _ outputs: UnsafeMutableBufferPointer<Number>, logits: UnsafeBufferPointer<Number>,
    classCount: Int, targets: BulkTargets<Number>
  ) -> Bool
}

/// The targets of many rows where they lie: a class label for each or numbers, or neither.
///
/// Who passes them has promised that they stay as they are while the call lasts.
package struct BulkTargets<Number: SendableMetatype>: @unchecked Sendable {
  /// A label for each row, 0 or 1 for the functions of one logit.
  package var labels = UnsafeBufferPointer<Int32>(start: nil, count: 0)
  /// A number for each logit, in [0, 1] or NaN, beside which there are no labels.
  package var numbers = UnsafeBufferPointer<Number>(start: nil, count: 0)

  /// No targets.
  package init() {}

  /// Labels.
  package init(labels: UnsafeBufferPointer<Int32>) { self.labels = labels }

  /// Numbers.
  package init(numbers: UnsafeBufferPointer<Number>) { self.numbers = numbers }

  /// Whether there are none.
  package var isEmpty: Bool { labels.isEmpty && numbers.isEmpty }

  /// Those of some rows, of so many logits each.
  package func some(_ rows: Range<Int>, classCount: Int) -> BulkTargets {
    var some = BulkTargets()
    if !labels.isEmpty { some.labels = UnsafeBufferPointer(rebasing: labels[rows]) }
    if !numbers.isEmpty {
      let range = rows.lowerBound * classCount..<rows.upperBound * classCount
      some.numbers = UnsafeBufferPointer(rebasing: numbers[range])
    }
    return some
  }
}

extension BulkTier {
  package typealias Numbers = UnsafeBufferPointer<Number>
  package typealias Outputs = UnsafeMutableBufferPointer<Number>
  /// `lo_turn`, for the type of numbers.
  typealias TurnKernel = (
    UnsafePointer<Number>?, UnsafePointer<Int32>?, UnsafePointer<Number>?, Int,
    UnsafeMutablePointer<Number>?
  ) -> Int32

  /// The functions of one logit, block by block: `fill` is called with logits that are negated for
  /// target 1, as f(z; 1) is f(−z; 0), or its negative for a gradient. So the lanes of a block do the same
  /// whatever their labels.
  ///
  /// - Parameters:
  ///   - fill: Returns the number of undecided values.
  ///   - fillSoft: The same for a block with targets between 0 and 1, which are its second numbers; nil to leave these
  ///     undecided.
  func fillBlocks(
    _ outputs: Outputs, _ logits: Numbers, _ targets: BulkTargets<Number>, isGradient: Bool,
    turn: TurnKernel, _ fill: (Numbers, Outputs) -> Int,
    fillSoft: ((Numbers, Numbers, Outputs) -> Int)? = nil
  ) -> Bool {
    var isDecided = true
    withAlignedScratch(of: Number.self, capacity: bulkBlockSize) { turned in
      for start in stride(from: 0, to: logits.count, by: bulkBlockSize) {
        let range = start..<min(start + bulkBlockSize, logits.count)
        let some = UnsafeBufferPointer(rebasing: logits[range])
        let targets = targets.some(range, classCount: 1)
        let (labels, numbers) = (targets.labels.baseAddress, targets.numbers.baseAddress)
        let found = turn(
          some.baseAddress, labels, numbers, range.count,
          targets.isEmpty ? nil : turned.baseAddress)
        let values = UnsafeMutableBufferPointer(rebasing: outputs[range])
        let isSoft = found & Int32(lo_isSoft) != 0
        var undecidedCount: Int
        if isSoft, let fillSoft {
          undecidedCount = fillSoft(some, targets.numbers, values)
        } else {
          undecidedCount = fill(
            targets.isEmpty ? some : UnsafeBufferPointer(rebasing: turned[..<range.count]), values)
          if isGradient {
            _ = turn(
              values.baseAddress.map { UnsafePointer($0) }, labels, numbers, range.count,
              values.baseAddress)
          }
          if isSoft {
            undecidedCount += 1
            for (i, y) in targets.numbers.enumerated() where y != 0 && y != 1 { values[i] = .nan }
          }
        }
        // Infinite and NaN logits may have left a number.
        let isSpecial = found & Int32(lo_isSpecial) != 0
        if isSpecial { for i in range where !logits[i].isFinite { outputs[i] = .nan } }
        isDecided = isDecided && undecidedCount == 0 && !isSpecial
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
