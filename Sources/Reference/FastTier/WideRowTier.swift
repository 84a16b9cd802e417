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

  /// Correctly rounded values of a row.
  ///
  /// - Parameter label: The class of functions with a target; not looked at for others.
  /// - Returns: Whether all are decided; if not, outputs may hold anything.
  func round(
    _ logits: UnsafeBufferPointer<Double>, label: Int, scratch: BallRow.Scratch?,
    into values: UnsafeMutableBufferPointer<Double>
  ) -> Bool {
    guard let row = WideRow(logits), logits.indices.contains(label) else { return false }
    switch function {
    case .logSumExp, .crossEntropy:
      // Few of a thousand rows need the sum of more bits.
      let quick = row.quickTail
      func value(_ tail: LOPair, _ bound: Double) -> Double? {
        function == .logSumExp
          ? WideRow.logSumExp(maximum: row.maximum, tail: tail, bound: bound)?.double
          : WideRow.loss(
            maximum: row.maximum, logit: logits[label], tail: tail, bound: bound)?.double
      }
      guard let result = value(quick, lo_quickRowBound) ?? value(row.tail, lo_wideBound) else {
        return false
      }
      values[0] = result
    case .logSoftmax:
      return row.roundLogProbabilities(into: values)
    case .softmax, .crossEntropyGradient:
      guard let scratch else { return false }
      return row.roundExponentials(
        label: function.hasTarget ? label : nil, scratch: scratch, into: values)
    default: return false
    }
    return true
  }
}

/// A row of finite logits, with the sums that its values are made of.
struct WideRow {
  private let logits: UnsafePointer<Double>
  private let count: Int
  private let greatest: Int
  let maximum: Double

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

  /// Of a million logarithms of probabilities a few need the sum of more bits, and so most rows of more classes
  /// would.
  private static let quickClassCount = 1 << 14

  /// log1p of the sum without the greatest.
  var tail: LOPair {
    lo_wide_log_one_plus_sum(lo_wide_sum_exponentials(logits, count, greatest, greatest, maximum))
  }

  /// The same within `lo_quickRowBound`.
  var quickTail: LOPair {
    lo_wide_log_one_plus_sum(
      lo_quick_sum_exponentials(logits, count, greatest, greatest, maximum))
  }

  func loss(_ label: Int, tail: LOPair) -> MagnitudeEnclosure? {
    Self.loss(maximum: maximum, logit: logits[label], tail: tail)
  }

  /// The log-sum-exp m + tail; nil where it cancels.
  static func logSumExp(
    maximum: Double, tail: LOPair, bound: Double = lo_wideBound
  ) -> MagnitudeEnclosure? {
    if maximum > 0 {
      return MagnitudeEnclosure(
        head: LOPair(high: maximum, low: 0), tail: Ball(tail: tail, bound: bound))
    }
    let value = LOPair.sum(maximum, tail.high)
    // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
    guard tail.high >= lo_leastWide, value.high.magnitude >= tail.high else { return nil }
    let sum = LOPair.sum(value.high, value.low + tail.low)
    return sum.high < 0
      ? MagnitudeEnclosure(-sum, bound: bound, isNegative: true)
      : MagnitudeEnclosure(sum, bound: bound)
  }

  /// The loss (m − x) + tail of a class; nil where it is below the least that is computed.
  static func loss(
    maximum: Double, logit: Double, tail: LOPair, bound: Double = lo_wideBound
  ) -> MagnitudeEnclosure? {
    let head = LOPair.sum(maximum, -logit)
    guard head.high.isFinite else { return nil }
    if head.high > 0 {
      return MagnitudeEnclosure(head: head, tail: Ball(tail: tail, bound: bound))
    }
    return tail.high >= lo_leastWide ? MagnitudeEnclosure(tail, bound: bound) : nil
  }

  /// The logarithms of the probabilities of all classes; whether all are decided.
  func roundLogProbabilities(into values: UnsafeMutableBufferPointer<Double>) -> Bool {
    guard let out = values.baseAddress else { return false }
    func isDecided(by tail: LOPair, _ bound: Double) -> Bool {
      tail.high >= lo_leastWide
        && lo_wide_log_probabilities(logits, count, maximum, tail, bound, out) == 0
    }
    if count <= Self.quickClassCount, isDecided(by: quickTail, lo_quickLogBound) { return true }
    let tail = tail
    if isDecided(by: tail, lo_wideBound) { return true }
    let isTiny = tail.high < lo_leastWide
    for i in 0..<count where isTiny || values[i].isNaN {
      guard let loss = loss(i, tail: tail)?.double else { return false }
      values[i] = -loss
    }
    return true
  }

  /// e^(x − m)/(1 + S) for all classes, and for the label that less 1; whether all are decided.
  ///
  /// Exponentials of up to `RowTier.keptClassCount` classes are kept in the scratch, which else is a block:
  /// then they are taken once more after their sum.
  func roundExponentials(
    label: Int?, scratch: BallRow.Scratch, into values: UnsafeMutableBufferPointer<Double>
  ) -> Bool {
    guard let out = values.baseAddress else { return false }
    let (high, low) = scratch
    let keepsAll = count <= RowTier.keptClassCount
    var own = LOPair(high: 0, low: 0)
    if let label { lo_wide_exponentials(logits + label, 1, maximum, &own.high, &own.low) }
    let others: LOPair
    if keepsAll {
      lo_wide_exponentials(logits, count, maximum, high, low)
      others = Self.sum(high, low, count, without: greatest, label ?? greatest)
    } else {
      others = lo_wide_sum_exponentials(logits, count, greatest, label ?? greatest, maximum)
    }
    // The exponential of the label is 1 where it is the greatest.
    var (numerator, total) = (others, .one + others)
    if label != nil, label != greatest {
      numerator = total
      total = numerator + own
    }
    let factor = .one / total
    var undecidedCount = 0
    for start in stride(from: 0, to: count, by: keepsAll ? count : bulkBlockSize) {
      let size = keepsAll ? count : min(bulkBlockSize, count - start)
      if !keepsAll { lo_wide_exponentials(logits + start, size, maximum, high, low) }
      lo_wide_scale(logits + start, size, maximum, factor, high, low)
      undecidedCount += lo_round_double(high, low, size, lo_wideBound, out + start)
    }
    guard let label else { return undecidedCount == 0 }
    guard numerator.high >= lo_leastWide, let gradient = (numerator / total).rounded() else {
      return false
    }
    values[label] = -gradient
    // Only the exponential of the label, which is not asked for, may have been undecided.
    return undecidedCount == 0 || !values.contains(where: \.isNaN)
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
