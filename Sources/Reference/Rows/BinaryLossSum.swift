internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The sum of binary losses of logits or of probabilities, with any targets, through double arithmetic with a proven
/// bound.
struct BinaryLossSum {
  private let isOfProbabilities: Bool

  /// A loss of a logit whose magnitude was cut is off by no more.
  private static let cut = 0x1p-181
  /// The greatest number of losses that the bound is proven for.
  private static let greatestCount = 1 << 30

  /// - Returns: nil for other functions, formats and options.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat
  ) {
    guard function == .binaryCrossEntropy,
      options.present.isSubset(of: [.input, .denominator]),
      [.logits, .probabilities].contains(options.input),
      FastTier.formats.contains(inputFormat), FastTier.formats.contains(format)
    else { return nil }
    isOfProbabilities = options.input == .probabilities
  }

  /// - Returns: nil where a loss is not finite, or its target none, and for a sum next to nothing.
  func sum(_ numbers: UnsafeBufferPointer<Float>, _ targets: UnsafeBufferPointer<Float>) -> Ball? {
    guard targets.count == numbers.count else { return nil }
    return sum(count: numbers.count) { block, body in
      body(
        UnsafeBufferPointer(rebasing: numbers[block]), UnsafeBufferPointer(rebasing: targets[block])
      )
    }
  }

  /// The same of rows whose numbers are in doubles.
  func sum(_ rows: LossRows) -> Ball? {
    guard rows.targetKind == .probabilities else { return nil }
    return withAlignedScratch(of: Float.self, capacity: 2 * bulkBlockSize) { floats in
      rows.logits.doubles.withUnsafeBufferPointer { numbers in
        rows.probabilities.doubles.withUnsafeBufferPointer { targets in
          sum(count: numbers.count) { block, body in
            for (place, row) in block.enumerated() {
              floats[place] = Float(numbers[row])
              floats[bulkBlockSize + place] = Float(targets[row])
            }
            body(
              UnsafeBufferPointer(rebasing: floats[..<block.count]),
              UnsafeBufferPointer(rebasing: floats[bulkBlockSize..<bulkBlockSize + block.count]))
          }
        }
      }
    }
  }

  private typealias Numbers = UnsafeBufferPointer<Float>

  private func sum(
    count: Int, _ numbers: (Range<Int>, (Numbers, Numbers) -> Void) -> Void
  ) -> Ball? {
    guard count <= Self.greatestCount else { return nil }
    let kernel = isOfProbabilities ? lo_probability_losses : lo_soft_losses
    var (high, low) = (0.0, 0.0)
    withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { losses in
      for start in stride(from: 0, to: count, by: bulkBlockSize) {
        let block = start..<min(start + bulkBlockSize, count)
        numbers(block) { numbers, targets in
          kernel(numbers.baseAddress, targets.baseAddress, block.count, losses.baseAddress)
        }
        // What the sum loses is kept.
        let sum = LOPair.sum(high, lo_sum(losses.baseAddress, block.count))
        (high, low) = (sum.high, low + sum.low)
      }
    }
    guard high.isFinite, high > 0x1p-100 else { return nil }
    return Ball(.sum(high, low), error: high * lo_lossSumBound + Double(count) * Self.cut)
  }
}
