internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The sum of cross-entropies of rows through double arithmetic with a proven bound: with weights of the classes and a
/// label to be ignored, and no other options.
struct PlainLossSum {
  private let tier: RowTier
  private let weights: [Double]?
  private let ignored: Int32?
  private let classCount: Int

  /// What a sum is off by, relative to it: the bound of each loss, its product with a weight, and a sum in pairs.
  private static let bound = max(1 - lo_rowBelow, lo_rowAbove - 1) + 0x1p-50
  /// What underflows is nothing beside a sum above this.
  private static let least = 0x1p-900

  /// - Returns: nil for other functions, formats and options.
  init?(
    _ function: LossFunction, _ options: LossOptions, classCount: Int,
    from inputFormat: FloatFormat,
    to format: FloatFormat
  ) {
    guard function == .crossEntropy, options.areDoubles,
      options.present.isSubset(of: [.classWeights, .ignoreIndex, .denominator]),
      FastTier.formats.contains(inputFormat), FastTier.formats.contains(format),
      let tier = RowTier(function)
    else { return nil }
    self.tier = tier
    weights = options.classWeights?.map(\.double)
    ignored = options.ignoreIndex.flatMap { Int32(exactly: $0) }
    self.classCount = classCount
    guard weights.map({ $0.count == classCount }) ?? true else { return nil }
  }

  /// - Returns: nil where a loss has no bound, or a label is no class.
  func sum(_ logits: UnsafeBufferPointer<Float>, _ labels: UnsafeBufferPointer<Int32>) -> Ball? {
    sum(labels) { rows, body in
      body(
        UnsafeBufferPointer(
          rebasing: logits[rows.lowerBound * classCount..<rows.upperBound * classCount]))
    }
  }

  /// The same of rows whose logits are in doubles.
  func sum(_ rows: LossRows) -> Ball? {
    guard rows.targetKind == .index else { return nil }
    return withAlignedScratch(of: Float.self, capacity: bulkBlockSize * classCount) { floats in
      rows.labels.withUnsafeBufferPointer { labels in
        rows.logits.doubles.withUnsafeBufferPointer { logits in
          sum(labels) { block, body in
            let count = block.count * classCount
            for i in 0..<count { floats[i] = Float(logits[block.lowerBound * classCount + i]) }
            body(UnsafeBufferPointer(rebasing: floats[..<count]))
          }
        }
      }
    }
  }

  private func sum(
    _ labels: UnsafeBufferPointer<Int32>,
    _ logits: (Range<Int>, (UnsafeBufferPointer<Float>) -> Void) -> Void
  ) -> Ball? {
    var (high, low, isBounded) = (0.0, 0.0, true)
    withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { losses in
      withAlignedScratch(of: Int32.self, capacity: bulkBlockSize) { classes in
        for start in stride(from: 0, to: labels.count, by: bulkBlockSize) {
          let rows = start..<min(start + bulkBlockSize, labels.count)
          var own = UnsafeBufferPointer(rebasing: labels[rows])
          if let ignored {
            for row in rows { classes[row - start] = labels[row] == ignored ? 0 : labels[row] }
            own = UnsafeBufferPointer(rebasing: classes[..<rows.count])
          }
          var greatest: UInt32 = 0
          for label in own { greatest = max(greatest, UInt32(bitPattern: label)) }
          guard greatest < classCount else {
            isBounded = false
            return
          }
          let some = UnsafeMutableBufferPointer(rebasing: losses[..<rows.count])
          logits(rows) {
            tier.approximateLosses(
              $0, classCount: classCount,
              labels: own, into: some)
          }
          for (place, label) in own.enumerated() {
            var loss = losses[place]
            if let ignored, labels[start + place] == ignored { continue }
            if let weights { loss *= weights[Int(label)] }
            // What the sum loses is kept, by D. Knuth.
            let sum = high + loss
            let part = sum - high
            low += (high - (sum - part)) + (loss - part)
            high = sum
          }
        }
      }
    }
    guard isBounded, high.isFinite, high > Self.least else { return nil }
    return Ball(.sum(high, low), error: high * Self.bound)
  }
}
