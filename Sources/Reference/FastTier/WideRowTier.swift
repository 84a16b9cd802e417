internal import FastKernels
internal import LossFunctions

/// Losses of rows of float64 logits, and their gradients, through double-double arithmetic.
///
/// The formulas are those of `RowTier`. Exponentials below e⁻⁶⁰⁰ are cut, to what is nothing beside a sum
/// above 2⁻⁷⁵⁰; where there is no such sum, only a head that is far greater decides.
struct WideRowTier: Sendable {
  private let function: LossFunction

  /// - Returns: nil for a function of one logit.
  init?(_ function: LossFunction) {
    guard RowTier.functions.contains(function) else { return nil }
    self.function = function
  }

  /// Room for the pairs of a row.
  typealias Scratch = (high: UnsafeMutablePointer<Double>, low: UnsafeMutablePointer<Double>)

  /// Correctly rounded values of a row.
  ///
  /// - Parameter label: The class of functions with a target; not looked at for others.
  /// - Returns: Whether all are decided; if not, outputs may hold anything.
  func round(
    _ logits: UnsafeBufferPointer<Double>, label: Int, scratch: Scratch?,
    into values: UnsafeMutableBufferPointer<Double>
  ) -> Bool {
    guard let row = WideRow(logits), logits.indices.contains(label) else { return false }
    switch function {
    case .logSumExp:
      guard let value = row.logSumExp?.double else { return false }
      values[0] = value
    case .crossEntropy:
      guard let loss = row.loss(label, tail: row.tail)?.double else { return false }
      values[0] = loss
    case .logSoftmax:
      let tail = row.tail
      for i in logits.indices {
        guard let loss = row.loss(i, tail: tail)?.double else { return false }
        values[i] = -loss
      }
    case .softmax, .crossEntropyGradient:
      guard let scratch, let out = values.baseAddress else { return false }
      let own = row.exponentials(label: function.hasTarget ? label : nil, into: scratch)
      let undecidedCount = lo_round_double(
        scratch.high, scratch.low, logits.count, lo_wideBound, out)
      guard function.hasTarget else { return undecidedCount == 0 }
      guard let own = own?.rounded() else { return false }
      values[label] = -own
      // Only the exponential of the label, which is not asked for, may have been undecided.
      return undecidedCount == 0 || !values.contains(where: \.isNaN)
    default: return false
    }
    return true
  }

  /// Enclosures of the values of a row; nil where there is none, of what is below e⁻⁶⁰⁰ for instance.
  func approximate(_ logits: UnsafeBufferPointer<Double>, label: Int) -> [Approximation]? {
    guard let row = WideRow(logits), logits.indices.contains(label) else { return nil }
    switch function {
    case .logSumExp: return row.logSumExp.map { [$0] }
    case .crossEntropy: return row.loss(label, tail: row.tail).map { [$0] }
    case .logSoftmax:
      let tail = row.tail
      let values = logits.indices.compactMap { row.loss($0, tail: tail, isNegative: true) }
      return values.count == logits.count ? values : nil
    case .softmax, .crossEntropyGradient:
      let count = logits.count
      return withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * count) { scratch in
        guard let high = scratch.baseAddress else { return nil }
        let low = high + count
        let own = row.exponentials(label: function.hasTarget ? label : nil, into: (high, low))
        if function.hasTarget {
          guard let own else { return nil }
          (high[label], low[label]) = (own.high, own.low)
        }
        guard !(0..<count).contains(where: { high[$0].isNaN }) else { return nil }
        return (0..<count).map { i in
          Approximation(
            LOPair(high: high[i], low: low[i]), isBelowOne: true,
            isNegative: function.hasTarget && i == label)
        }
      }
    default: return nil
    }
  }
}

/// A row of finite logits, with the sums that its values are made of.
struct WideRow {
  private let logits: UnsafePointer<Double>
  private let count: Int
  private let greatest: Int
  private let maximum: Double

  /// - Returns: nil for infinite or NaN logits, a single class, whose values are rational, or more
  ///   classes than a bound was proven for.
  init?(_ logits: UnsafeBufferPointer<Double>) {
    guard let start = logits.baseAddress, logits.count > 1,
      Double(logits.count) <= lo_greatestClassCount
    else { return nil }
    (self.logits, count) = (start, logits.count)
    greatest = lo_wide_greatest(start, count)
    guard greatest >= 0 else { return nil }
    maximum = start[greatest]
  }

  /// log1p of the sum without the greatest.
  var tail: LOPair {
    lo_wide_log_one_plus_sum(lo_wide_sum_exponentials(logits, count, greatest, maximum))
  }

  var logSumExp: Approximation? { Self.logSumExp(maximum: maximum, tail: tail) }

  func loss(_ label: Int, tail: LOPair, isNegative: Bool = false) -> Approximation? {
    Self.loss(maximum: maximum, logit: logits[label], tail: tail, isNegative: isNegative)
  }

  /// The log-sum-exp m + tail; nil where it cancels.
  static func logSumExp(maximum: Double, tail: LOPair) -> Approximation? {
    if maximum > 0 { return Approximation(head: LOPair(high: maximum, low: 0), tail: tail) }
    let value = LOPair.sum(maximum, tail.high)
    // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
    guard tail.high >= lo_leastWide, value.high.magnitude >= tail.high else { return nil }
    let sum = LOPair.sum(value.high, value.low + tail.low)
    return sum.high < 0 ? Approximation(-sum, isNegative: true) : Approximation(sum)
  }

  /// The loss (m − x) + tail of a class; nil where it is below the least that is computed.
  static func loss(
    maximum: Double, logit: Double, tail: LOPair, isNegative: Bool = false
  ) -> Approximation? {
    let head = LOPair.sum(maximum, -logit)
    guard head.high.isFinite else { return nil }
    if head.high > 0 { return Approximation(head: head, tail: tail, isNegative: isNegative) }
    return tail.high >= lo_leastWide ? Approximation(tail, isNegative: isNegative) : nil
  }

  /// e^(x − m)/(1 + S) for all classes.
  ///
  /// - Returns: With a label, 1 less its own, as a quotient of sums; nil where it is too small.
  func exponentials(label: Int?, into scratch: WideRowTier.Scratch) -> LOPair? {
    let (high, low) = scratch
    lo_wide_exponentials(logits, count, maximum, high, low)
    let own = label.map { LOPair(high: high[$0], low: low[$0]) }
    let others = Self.sum(high, low, count, without: greatest, label ?? greatest)
    // The exponential of the label is 1 where it is the greatest.
    var (numerator, total) = (others, .one + others)
    if let own, label != greatest {
      numerator = total
      total = numerator + own
    }
    lo_wide_scale(logits, count, maximum, .one / total, high, low)
    return numerator.high >= lo_leastWide ? numerator / total : nil
  }

  /// The sum of all pairs but two, which may be the same.
  private static func sum(
    _ high: UnsafeMutablePointer<Double>, _ low: UnsafeMutablePointer<Double>, _ count: Int,
    without a: Int, _ b: Int
  ) -> LOPair {
    let (first, second) = ((high[a], low[a]), (high[b], low[b]))
    ((high[a], low[a]), (high[b], low[b])) = ((0, 0), (0, 0))
    defer { ((high[a], low[a]), (high[b], low[b])) = (first, second) }
    return lo_wide_sum(high, low, count)
  }
}
