internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The sum of cross-entropies of rows through double-double arithmetic with a proven bound, for float64: with weights of
/// the classes and a label to be ignored, and no other options.
struct WideLossSum {
  private let weights: [Double]?
  private let ignored: Int32?
  private let classCount: Int

  /// - Returns: nil for other functions, formats and options.
  init?(
    _ function: LossFunction, _ options: LossOptions, classCount: Int,
    from inputFormat: FloatFormat
  ) {
    guard function == .crossEntropy, options.areDoubles, inputFormat.isWithinFloat64,
      options.present.isSubset(of: [.classWeights, .ignoreIndex, .denominator]), classCount > 1
    else { return nil }
    weights = options.classWeights?.map(\.double)
    ignored = options.ignoreIndex.flatMap { Int32(exactly: $0) }
    self.classCount = classCount
    guard weights.map({ $0.count == classCount }) ?? true else { return nil }
  }

  /// A sum in pairs, with a bound.
  struct Sum {
    var high = 0.0
    var low = 0.0
    /// What tails that were cut may add.
    var cut = 0.0

    /// Adds a loss times a weight. Of the low part of the loss three roundings lose 8u² of it, and of that of the
    /// product 12u², u² = 2⁻¹⁰⁶; of what the sum loses, which is kept, two roundings lose 8u² of the sum.
    mutating func add(_ head: LOPair, _ tail: LOPair, _ weight: Double) {
      if tail.high < lo_leastWide { cut += tail.high * weight }
      let loss = LOPair.sum(head.high, tail.high)
      let product = loss.high * weight
      let rest =
        (-product).addingProduct(loss.high, weight) + (loss.low + (head.low + tail.low)) * weight
      let total = LOPair.sum(high, product)
      let next = LOPair.fastSum(total.high, total.low + (low + rest))
      (high, low) = (next.high, next.low)
    }

    /// What a tail that was cut adds is nothing beside a sum above this.
    private static let least = 0x1p-600

    /// The sum of so many losses, each within a bound of itself, and its head within 3u²; nil where it has no bound.
    func ball(of count: Int, within bound: Double) -> Ball? {
      guard high.isFinite, high > Self.least else { return nil }
      let bound = bound + Double(count) * 0x1p-101
      return Ball(.sum(high, low), error: high * bound * (1 + 0x1p-20) + 2 * cut)
    }
  }

  /// - Returns: nil where a loss has no bound, or a label is no class.
  func sum(_ logits: UnsafeBufferPointer<Double>, _ labels: UnsafeBufferPointer<Int32>) -> Ball? {
    guard let start = logits.baseAddress, logits.count == labels.count * classCount else {
      return nil
    }
    var sum = Sum()
    let isSmall = RowTier.isSmall(classCount: classCount)
    let isBounded = isSmall ? add(start, labels, to: &sum) : addLong(start, labels, to: &sum)
    guard isBounded else { return nil }
    return sum.ball(of: labels.count, within: lo_wideBound)
  }

  /// Rows of few classes, eight at a time.
  private func add(
    _ logits: UnsafePointer<Double>, _ labels: UnsafeBufferPointer<Int32>, to sum: inout Sum
  ) -> Bool {
    let blockSize = 64
    return withAlignedScratch(of: Double.self, capacity: 3 * blockSize) { scratch in
      guard let maxima = scratch.baseAddress else { return false }
      let (high, low) = (maxima + blockSize, maxima + 2 * blockSize)
      for first in stride(from: 0, to: labels.count, by: blockSize) {
        let count = min(blockSize, labels.count - first)
        lo_wide_small_tails(logits + first * classCount, count, classCount, maxima, high, low)
        for i in 0..<count {
          let label = labels[first + i]
          if label == ignored { continue }
          guard UInt32(bitPattern: label) < classCount, !maxima[i].isNaN else { return false }
          let logit = logits[(first + i) * classCount + Int(label)]
          sum.add(
            .sum(maxima[i], -logit), LOPair(high: high[i], low: low[i]),
            weights?[Int(label)] ?? 1)
        }
      }
      return true
    }
  }

  /// Rows of many.
  private func addLong(
    _ logits: UnsafePointer<Double>, _ labels: UnsafeBufferPointer<Int32>, to sum: inout Sum
  ) -> Bool {
    for (row, label) in labels.enumerated() where label != ignored {
      let numbers = UnsafeBufferPointer(start: logits + row * classCount, count: classCount)
      guard numbers.indices.contains(Int(label)), let own = WideRow(numbers) else { return false }
      // A sum of fewer bits would be a coin's toss: how far it is from a rounding is told to 2⁻¹⁵ ulp.
      sum.add(.sum(own.maximum, -numbers[Int(label)]), own.tail, weights?[Int(label)] ?? 1)
    }
    return true
  }
}
