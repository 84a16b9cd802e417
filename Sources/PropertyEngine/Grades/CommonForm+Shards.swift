internal import SmallFoundation

extension CommonForm {
  /// How far off the loss that shards are merged to may be, in units u: the sums brought to the greatest maximum, one
  /// after the other or in a tree, the logarithm of their sum, and the gap to the target.
  func mergeError(_ maxima: [Double], _ partials: [Double]) -> Double {
    let (sums, targets) = (partials.prefix(maxima.count), partials.dropFirst(maxima.count))
    let counted = zip(maxima, sums).filter { $0.0.isFinite && $0.1.isFinite && $0.1 > 0 }
    guard let greatest = counted.map(\.0).max(), let target = targets.max(), target.isFinite
    else { return 0 }
    let terms = counted.map { $0.1 * exp($0.0 - greatest) }
    let total = min(terms.reduce(0, +), .greatestFiniteMagnitude)
    var sumError = 2 + (Self.elementary + 2) * Double(maxima.count - 1)
    for (shard, term) in zip(counted, terms) where term > 0 && shard.0 < greatest {
      sumError += term / total * (Self.elementary + 4 + Self.perGap * (greatest - shard.0))
    }
    let (log, gap) = (
      SmallFoundation.log(total), min((greatest - target).magnitude, .greatestFiniteMagnitude)
    )
    return sumError + Self.elementary * log.magnitude + Self.perGap * gap + 2
      * (gap + log.magnitude)
  }
}
