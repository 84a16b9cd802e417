internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The sum of binary losses of logits through double-double arithmetic with a proven bound, for float64.
struct WideBinaryLossSum {
  /// Above what is lost where a tail below e^−600 is cut.
  private static let cut = 0x1p-865
  /// Above what `lo_wide_sum` loses of a block, by tools/proofs/wide.sollya, and the addition of what it gives.
  private static let sumBound = 0x1p-92

  /// - Returns: nil for other functions, formats and options.
  init?(_ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat) {
    guard function == .binaryCrossEntropy, inputFormat.isWithinFloat64,
      options.present.isSubset(of: [.denominator])
    else { return nil }
  }

  /// The losses of a block whose targets are all 0 and 1 are softplus(±z). Of others a loss has the head
  /// max(z, 0) − z·y and the tail log1p(e^−|z|), the softplus of −|z|.
  ///
  /// - Returns: nil where a logit is not finite, a target none, or the sum next to nothing.
  func sum(_ logits: UnsafeBufferPointer<Double>, _ targets: UnsafeBufferPointer<Double>) -> Ball? {
    guard targets.count == logits.count else { return nil }
    var sum = WideLossSum.Sum()
    let isBounded = withAlignedScratch(of: Double.self, capacity: 3 * bulkBlockSize) { scratch in
      guard let turned = scratch.baseAddress else { return false }
      for start in stride(from: 0, to: logits.count, by: bulkBlockSize) {
        let block = start..<min(start + bulkBlockSize, logits.count)
        let (some, targets) = (
          UnsafeBufferPointer(rebasing: logits[block]),
          UnsafeBufferPointer(rebasing: targets[block])
        )
        let found = lo_wide_turn(some.baseAddress, nil, targets.baseAddress, some.count, turned)
        guard found & Int32(lo_isSpecial) == 0 else { return false }
        if found & Int32(lo_isSoft) != 0 {
          for (i, (z, y)) in zip(some, targets).enumerated() {
            guard 0...1 ~= y else { return false }
            turned[i] = -z.magnitude
            sum.add(Self.head(z, y), LOPair(high: 0, low: 0), 1)
          }
        }
        sum.add(
          LOPair(high: 0, low: 0), Self.tails(turned, some.count, besides: &sum.cut), 1)
      }
      return true
    }
    return isBounded ? sum.ball(of: logits.count, within: lo_wideBound + Self.sumBound) : nil
  }

  /// |z| times y, or 1 − y: that is a pair exactly, and the two roundings of the product's low part lose 2u² of it.
  private static func head(_ z: Double, _ y: Double) -> LOPair {
    let (size, share) = (z.magnitude, z > 0 ? LOPair.sum(1, -y) : LOPair(high: y, low: 0))
    let product = size * share.high
    return LOPair(
      high: product, low: (-product).addingProduct(size, share.high) + size * share.low)
  }

  /// The sum of the softplus of so many logits, after which there is room for two numbers of each.
  private static func tails(
    _ logits: UnsafeMutablePointer<Double>, _ count: Int, besides cut: inout Double
  ) -> LOPair {
    let (high, low) = (logits + bulkBlockSize, logits + 2 * bulkBlockSize)
    lo_wide_softplus(logits, count, 1, 1, high, low)
    let sum = lo_wide_sum(high, low, count)
    guard sum.high.isNaN else { return sum }
    for i in 0..<count where high[i].isNaN {
      (high[i], low[i]) = (0, 0)
      cut += Self.cut
    }
    return lo_wide_sum(high, low, count)
  }
}
