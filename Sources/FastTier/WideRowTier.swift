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

  /// Correctly rounded values of a row, NaN where undecided.
  ///
  /// - Parameter label: The class of functions with a target; not looked at for others.
  /// - Returns: Whether it could; if not, outputs may hold anything.
  func round(
    _ logits: UnsafeBufferPointer<Double>, label: Int, scratch: Scratch?,
    into values: UnsafeMutableBufferPointer<Double>
  ) -> Bool {
    guard let start = logits.baseAddress, let out = values.baseAddress,
      logits.count > 1, Double(logits.count) <= lo_greatestClassCount,
      logits.indices.contains(label)
    else { return false }
    let count = logits.count
    let greatest = lo_wide_greatest(start, count)
    guard greatest >= 0 else { return false }
    let maximum = logits[greatest]
    switch function {
    case .logSumExp:
      let tail = tail(start, count, without: greatest, maximum)
      let value = LOPair.sum(maximum, tail.high)
      // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
      guard tail.high >= lo_leastWide, maximum >= 0 || value.high.magnitude >= tail.high,
        let rounded = LOPair.sum(value.high, value.low + tail.low).rounded()
      else { return false }
      values[0] = rounded
    case .crossEntropy:
      let tail = tail(start, count, without: greatest, maximum)
      guard let loss = Self.rounded(maximum, logits[label], tail) else { return false }
      values[0] = loss
    case .logSoftmax:
      let tail = tail(start, count, without: greatest, maximum)
      for i in 0..<count {
        guard let loss = Self.rounded(maximum, logits[i], tail) else { return false }
        values[i] = -loss
      }
    case .softmax:
      let total = .one + sum(start, count, without: greatest, greatest, maximum)
      return roundExponentials(start, count, maximum, .one / total, scratch, out)
    case .crossEntropyGradient:
      let others = sum(start, count, without: greatest, label, maximum)
      // The exponential of the label is 1 where it is the greatest.
      var (numerator, total) = (others, .one + others)
      if label != greatest {
        numerator = total
        total = numerator + lo_wide_sum_exponentials(start + label, 1, maximum)
      }
      guard numerator.high >= lo_leastWide, let own = (numerator / total).rounded() else {
        return false
      }
      // The rest first: the exponential of the label may be undecided, and is not asked for.
      let isDecided = roundExponentials(start, count, maximum, .one / total, scratch, out)
      guard isDecided || !hasUndecided(values, but: label) else { return false }
      values[label] = -own
    default: return false
    }
    return true
  }

  private func hasUndecided(
    _ values: UnsafeMutableBufferPointer<Double>, but label: Int
  ) -> Bool {
    values.indices.contains { $0 != label && values[$0].isNaN }
  }

  private func roundExponentials(
    _ logits: UnsafePointer<Double>, _ count: Int, _ maximum: Double, _ factor: LOPair,
    _ scratch: Scratch?, _ values: UnsafeMutablePointer<Double>
  ) -> Bool {
    guard let scratch else { return false }
    lo_wide_scaled_exponentials(logits, count, maximum, factor, scratch.high, scratch.low)
    return lo_round_double(scratch.high, scratch.low, count, lo_wideBound, values) == 0
  }

  /// The loss (m − x) + tail, correctly rounded; nil where undecided. The true tail is positive, and the
  /// computed one, where it is below `lo_leastWide`, only its upper bound.
  static func rounded(_ maximum: Double, _ logit: Double, _ tail: LOPair) -> Double? {
    let head = LOPair.sum(maximum, -logit)
    guard head.high.isFinite else { return nil }
    guard head.high > 0 else { return tail.high >= lo_leastWide ? tail.rounded() : nil }
    // Three roundings of what is below 3 ulps of the sum are below 2⁻¹⁰⁰ of it.
    let sum = LOPair.sum(head.high, tail.high)
    let rest = sum.low + (head.low + tail.low)
    let error = tail.high * lo_wideBound + sum.high * 0x1p-100
    let outer = sum.high + (rest + error)
    if tail.high >= lo_leastWide, sum.high + (rest - error) == outer { return outer }
    // What is just above the head: the next number where the head is the midpoint below it.
    let isMidpoint = head.low > 0 && 2 * head.low == head.high.ulp
    let inner = isMidpoint ? head.high.nextUp : head.high
    return inner == outer ? outer : nil
  }

  /// log1p of the sum without the greatest.
  private func tail(
    _ logits: UnsafePointer<Double>, _ count: Int, without greatest: Int, _ maximum: Double
  ) -> LOPair {
    lo_wide_log_one_plus_sum(sum(logits, count, without: greatest, greatest, maximum))
  }

  /// The sum of the exponentials of all classes but two, which may be the same.
  private func sum(
    _ logits: UnsafePointer<Double>, _ count: Int, without a: Int, _ b: Int, _ maximum: Double
  ) -> LOPair {
    let (first, second) = (min(a, b), max(a, b))
    var sum = lo_wide_sum_exponentials(logits, first, maximum)
    if second > first + 1 {
      sum = sum + lo_wide_sum_exponentials(logits + (first + 1), second - first - 1, maximum)
    }
    return sum + lo_wide_sum_exponentials(logits + (second + 1), count - second - 1, maximum)
  }
}
