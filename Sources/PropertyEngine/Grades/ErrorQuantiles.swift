/// How errors are distributed: counts of them in steps of less than a hundredth of each.
///
/// Counts add up, in whatever order.
public struct ErrorQuantiles: Hashable, Sendable {
  private var counts: [Int] = []
  /// The number of errors.
  public private(set) var count = 0
  private var greatestError = 0.0

  /// None.
  public init() {}

  private static let stepBits = 7
  private static let least = 0x1p-16
  private static let greatest = 0x1p64

  private static func bucket(_ error: Double) -> Int {
    guard error >= least else { return 0 }
    return 1 + Int((min(error, greatest).bitPattern - least.bitPattern) >> UInt64(52 - stepBits))
  }

  /// Counts an error.
  mutating func add(_ error: Double) {
    let bucket = Self.bucket(error)
    if bucket >= counts.count {
      counts += [Int](repeating: 0, count: bucket + 1 - counts.count)
    }
    counts[bucket] += 1
    count += 1
    greatestError = max(greatestError, error)
  }

  /// Adds what was counted elsewhere.
  mutating func merge(_ other: ErrorQuantiles) {
    let missing = max(other.counts.count - counts.count, 0)
    counts += [Int](repeating: 0, count: missing)
    for (bucket, number) in other.counts.enumerated() { counts[bucket] += number }
    count += other.count
    greatestError = max(greatestError, other.greatestError)
  }

  /// An error that a share of them does not exceed, at most a hundredth too large; nil where there is none.
  public func error(notExceededBy share: Double) -> Double? {
    guard count > 0 else { return nil }
    let number = Int((share * Double(count)).rounded(.up))
    var passed = 0
    for (bucket, count) in counts.enumerated() {
      passed += count
      guard passed >= number else { continue }
      if bucket == 0 { return 0 }
      let upper = Double(
        bitPattern: Self.least.bitPattern + UInt64(bucket) << UInt64(52 - Self.stepBits))
      return upper > Self.greatest ? .infinity : min(upper, greatestError)
    }
    return nil
  }
}
