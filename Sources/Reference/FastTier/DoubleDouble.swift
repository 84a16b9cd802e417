internal import FastKernels

extension LOPair {
  /// a + b exactly, by D. Knuth; no number where it overflows.
  static func sum(_ a: Double, _ b: Double) -> LOPair {
    let sum = a + b
    let part = sum - a
    return LOPair(high: sum, low: (a - (sum - part)) + (b - part))
  }

  static let one = LOPair(high: 1, low: 0)

  static func + (a: LOPair, b: LOPair) -> LOPair { lo_wide_add(a, b) }
  static func / (a: LOPair, b: LOPair) -> LOPair { lo_wide_divide(a, b) }
  static prefix func - (a: LOPair) -> LOPair { LOPair(high: -a.high, low: -a.low) }

  /// What all numbers within the bound of the pair round to; nil where they do not agree.
  func rounded(bound: Double = lo_wideBound) -> Double? {
    let error = high * bound
    let value = high + (low - error)
    return value == high + (low + error) ? value : nil
  }
}
