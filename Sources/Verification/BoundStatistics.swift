/// How errors compare with what rounding analysis allows.
public struct BoundStatistics: Hashable, Sendable {
  /// The number of outputs with a finite bound.
  public private(set) var boundedCount = 0
  /// The number of outputs of which the analysis says nothing: after an overflow, say.
  public private(set) var unboundedCount = 0
  /// The number of outputs with a larger error than their bound: the analysis is wrong, or the code
  /// does not compute its formula.
  public private(set) var exceededCount = 0
  /// The first of the largest ratios of error and bound.
  public private(set) var nearest: Witness?
  /// That ratio; nil where nothing is bounded.
  public private(set) var largestRatio: Double?

  /// Nothing observed.
  public init() {}

  /// Counts an error and its bound, both in ulps.
  ///
  /// - Returns: Their ratio, to be offered; nil where there is no bound.
  mutating func observe(_ ulps: Double, bound: Double) -> Double? {
    guard bound.isFinite else {
      unboundedCount += 1
      return nil
    }
    boundedCount += 1
    // The error is measured to within 2⁻¹⁵ ulp.
    if ulps > bound + 0x1p-14 { exceededCount += 1 }
    return ulps == 0 ? 0 : ulps / bound
  }

  /// Takes the ratio for the largest where it is.
  mutating func offer(_ ratio: Double, _ witness: () -> Witness) {
    if let largestRatio, largestRatio > ratio { return }
    let offered = witness()
    if largestRatio == ratio, let nearest, !offered.isBefore(nearest) { return }
    largestRatio = ratio
    nearest = offered
  }

  /// Adds what was observed elsewhere.
  mutating func merge(_ other: BoundStatistics) {
    boundedCount += other.boundedCount
    unboundedCount += other.unboundedCount
    exceededCount += other.exceededCount
    if let ratio = other.largestRatio, let witness = other.nearest { offer(ratio) { witness } }
  }
}
