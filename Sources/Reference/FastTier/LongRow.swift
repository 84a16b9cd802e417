internal import FastKernels
package import FloatFormats
internal import Multiprecision

/// The softmax of a long row of float32 or narrower logits, or the gradient of its loss, in balls, for the few values
/// that doubles do not decide: the logits are made doubles a block at a time, in O(1) memory.
package struct LongRow {
  private let logits: UnsafeBufferPointer<Float>
  private let label: Int?
  private let maximum: Double
  /// The sum of e^(x − m) over all classes but the label, and over all.
  private let (others, total): (Ball, Ball)

  /// - Parameter label: The class of a gradient; nil for the softmax.
  /// - Returns: nil for infinite or NaN logits, and more classes than a bound was proven for.
  package init?(_ logits: UnsafeBufferPointer<Float>, label: Int?) {
    guard Double(logits.count) <= lo_greatestClassCount, logits.allSatisfy(\.isFinite),
      let greatest = logits.max()
    else { return nil }
    let maximum = Double(greatest)
    (self.logits, self.label, self.maximum) = (logits, label, maximum)
    var others = Ball(0)
    withAlignedScratch(of: Double.self, capacity: bulkBlockSize) { block in
      guard let start = block.baseAddress else { return }
      for first in stride(from: 0, to: logits.count, by: bulkBlockSize) {
        let count = min(bulkBlockSize, logits.count - first)
        for i in 0..<count { start[i] = Double(logits[first + i]) }
        // No place of the block where the label is elsewhere.
        let left =
          label.flatMap { (first..<first + count).contains($0) ? $0 - first : nil } ?? count
        let sum = lo_wide_sum_exponentials(start, count, left, left, maximum)
        // Below lo_leastWide the sum is nothing but positive; above it, the bound is one of itself.
        others = others + Ball(sum, error: sum.high * lo_wideSumBound + 4 * lo_leastWide)
      }
    }
    self.others = others
    total = label.map { others + Self.exponential(logits[$0], maximum) } ?? others
  }

  private static func exponential(_ logit: Float, _ maximum: Double) -> Ball {
    var (logit, pair) = (Double(logit), LOPair(high: 0, low: 0))
    lo_wide_exponentials(&logit, 1, maximum, &pair.high, &pair.low)
    return Ball(term: pair)
  }

  /// Rounds what is NaN among the values; whether all are decided then.
  package func roundRest(of values: UnsafeMutableBufferPointer<Float>, in format: FloatFormat)
    -> Bool
  {
    guard let rounding = EnclosureRounding(format, .nearestEven) else { return false }
    for i in values.indices where values[i].isNaN {
      let isLabel = i == label
      let value = (isLabel ? others : Self.exponential(logits[i], maximum)) / total
      guard var magnitude = MagnitudeEnclosure(magnitude: value, isNegative: isLabel) else {
        return false
      }
      // They are all below 1, however near.
      magnitude.ceiling = .one
      guard let rounded = rounding.rounded(magnitude) else { return false }
      values[i] = Float(rounded.value)
    }
    return true
  }
}
