internal import FastKernels
package import LossFunctions

/// Losses of rows of logits, and their gradients, at the speed of double arithmetic.
///
/// With m the greatest logit, the sums run over e^(xⱼ − m) of the others, so that nothing cancels:
///
///     cross-entropy   (m − x_t) + log1p(S)         S: all but one that is greatest
///     gradient        pᵢ = e^(xᵢ − m)/(1 + S),     p_t − 1 = −(1 + S without t)/(1 + S)
///
/// Relative errors are below `lo_rowBound` or `lo_quotientBound`, but where |value| < 2⁻¹⁵⁰.
package struct RowTier: Sendable {
  /// The functions it serves, those of a row with a class label or without target.
  package static let functions: [LossFunction] = [
    .logSumExp, .softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient,
  ]

  private let function: LossFunction

  /// - Returns: nil for a function of one logit.
  package init?(_ function: LossFunction) {
    guard Self.functions.contains(function) else { return nil }
    self.function = function
  }

  /// The greatest number of classes of a row whose exponentials are kept, 1 MiB of doubles. Those of longer
  /// ones are taken twice, first for their sum, so that a row takes no more memory than that.
  package static let keptClassCount = 1 << 17

  /// Approximate values of the row.
  ///
  /// - Parameters:
  ///   - label: The class of functions with a target; not looked at for others.
  ///   - values: Room for as many as there are outputs.
  /// - Returns: Whether it could: not for infinite or NaN logits, a single class, whose values are
  ///   rational, more classes than a bound was proven for, or a log-sum-exp that cancels.
  /// - Complexity: O(n) time, O(1) memory.
  package func approximate(
    _ logits: UnsafeBufferPointer<Float>, label: Int,
    into values: UnsafeMutableBufferPointer<Double>
  ) -> Bool {
    guard let out = values.baseAddress else { return false }
    if function == .softmax || function == .crossEntropyGradient {
      guard let row = Row(logits) else { return false }
      lo_exponentials(row.start, row.count, row.maximum, out)
      let own = out[label]
      let shares = shares(
        row, label, own: own, sum: Self.sum(values, without: row.greatest, excluded(row, label)))
      lo_scale(out, row.count, shares.scale)
      if let gradient = shares.own { out[label] = gradient }
      return true
    }
    guard let shares = shares(logits, label: label) else { return false }
    if function.hasOutputPerClass {
      approximate(logits, shares, into: values)
      return true
    }
    let (maximum, tail) = (shares.maximum, shares.scale)
    if function == .crossEntropy {
      out[0] = (maximum - Double(logits[label])) + tail
      return true
    }
    // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
    guard maximum >= 0 || (maximum + tail).magnitude >= tail else { return false }
    out[0] = maximum + tail
    return true
  }

  /// What the values of a row have in common.
  struct Shares {
    let maximum: Double
    /// 1 over the sum of all exponentials; for logarithms, log1p of the sum without the greatest.
    var scale: Double
    /// The gradient of the label.
    var own: Double?

    /// Multiplies what the values of exponentials are made of; 0 has no sign.
    mutating func multiply(by factor: Double) {
      scale *= factor
      own = own.map { factor == 0 ? 0 : $0 * factor }
    }
  }

  /// What the values of a row have in common, with the exponentials not kept; nil where `approximate` could
  /// not do it.
  func shares(_ logits: UnsafeBufferPointer<Float>, label: Int) -> Shares? {
    guard let row = Row(logits) else { return nil }
    let sum = lo_sum_exponentials(
      row.start, row.count, row.greatest, excluded(row, label), row.maximum)
    guard function == .softmax || function == .crossEntropyGradient else {
      return Shares(maximum: row.maximum, scale: lo_log_one_plus(sum))
    }
    var own = 0.0
    lo_exponentials(row.start + label, 1, row.maximum, &own)
    return shares(row, label, own: own, sum: sum)
  }

  /// What the logarithms of the probabilities of at most `logRowCount` rows have in common; NaN where `approximate`
  /// could not do it. The logarithms follow the sums: each is a chain of operations, and so they overlap.
  func logShares(
    _ logits: UnsafeBufferPointer<Float>, classCount: Int,
    into shares: UnsafeMutableBufferPointer<Shares>
  ) {
    let rows = 0..<logits.count / classCount
    for index in rows {
      let row = Row(
        UnsafeBufferPointer(rebasing: logits[index * classCount..<(index + 1) * classCount]))
      let sum = row.map {
        lo_sum_exponentials($0.start, $0.count, $0.greatest, $0.greatest, $0.maximum)
      }
      shares[index] = Shares(maximum: row?.maximum ?? .nan, scale: sum ?? .nan)
    }
    for index in rows { shares[index].scale = lo_log_one_plus(shares[index].scale) }
  }

  /// How many rows of so many classes go through `logShares` at once: as many as fit into the first cache.
  static func logRowCount(classCount: Int) -> Int { max(1, min(8, (1 << 13) / classCount)) }

  /// Values of some of a row's classes, but the gradient of the label.
  func approximate(
    _ logits: UnsafeBufferPointer<Float>, _ shares: Shares,
    into values: UnsafeMutableBufferPointer<Double>
  ) {
    guard let start = logits.baseAddress, let out = values.baseAddress else { return }
    if function == .logSoftmax {
      lo_log_probabilities(start, logits.count, shares.maximum, shares.scale, out)
    } else {
      lo_exponentials(start, logits.count, shares.maximum, out)
      lo_scale(out, logits.count, shares.scale)
    }
  }

  private struct Row {
    let start: UnsafePointer<Float>
    let count: Int
    let greatest: Int
    let maximum: Double

    init?(_ logits: UnsafeBufferPointer<Float>) {
      guard let start = logits.baseAddress, logits.count > 1,
        Double(logits.count) <= lo_greatestClassCount
      else { return nil }
      (self.start, count) = (start, logits.count)
      greatest = lo_greatest(start, count)
      guard greatest >= 0 else { return nil }
      maximum = Double(start[greatest])
    }
  }

  /// The class that the sum leaves out beside the greatest.
  private func excluded(_ row: Row, _ label: Int) -> Int {
    function == .crossEntropyGradient ? label : row.greatest
  }

  /// From the sum without the greatest, and in gradients the label, whose exponential is `own`.
  private func shares(_ row: Row, _ label: Int, own: Double, sum: Double) -> Shares {
    guard function == .crossEntropyGradient else {
      return Shares(maximum: row.maximum, scale: 1 / (1 + sum))
    }
    // The exponential of the label is 1 where it is the greatest.
    var (numerator, total) = (sum, 1 + sum)
    if label != row.greatest {
      numerator = 1 + sum
      total = numerator + own
    }
    return Shares(maximum: row.maximum, scale: 1 / total, own: -(numerator / total))
  }

  /// Approximate cross-entropies of rows with their labels, or log-sum-exps where there are none; NaN
  /// where `approximate` could not do it.
  package func approximateLosses(
    _ logits: UnsafeBufferPointer<Float>, classCount: Int, labels: UnsafeBufferPointer<Int32>,
    into losses: UnsafeMutableBufferPointer<Double>
  ) {
    guard let start = logits.baseAddress, let out = losses.baseAddress else { return }
    if Self.isSmall(classCount: classCount) {
      lo_small_losses(
        start, losses.count, classCount, labels.isEmpty ? nil : labels.baseAddress, out)
      return
    }
    for row in losses.indices {
      let rowLogits = UnsafeBufferPointer(
        rebasing: logits[row * classCount..<(row + 1) * classCount])
      let label = labels.isEmpty ? 0 : Int(labels[row])
      let value = UnsafeMutableBufferPointer(rebasing: losses[row...row])
      guard rowLogits.indices.contains(label), approximate(rowLogits, label: label, into: value)
      else {
        losses[row] = .nan
        continue
      }
    }
  }

  /// The most rows of few classes that go through `approximateOutputs` at once, but for logarithms.
  static let smallRowCount = 8

  /// Whether rows have few classes, and go eight at a time; the values of a single one are rational.
  static func isSmall(classCount: Int) -> Bool {
    classCount > 1 && classCount <= lo_smallClassCount
  }

  /// Whether rows have few classes, and a value for each.
  static func hasTiledOutputs(_ function: LossFunction, classCount: Int) -> Bool {
    function.hasOutputPerClass && functions.contains(function) && isSmall(classCount: classCount)
  }

  /// Approximate values of at most eight rows of few classes, or of any number for log-softmax, one for each class; NaN
  /// where `approximate` could not do it. There is room for eight more values.
  func approximateOutputs(
    _ logits: UnsafeBufferPointer<Float>, classCount: Int, labels: UnsafeBufferPointer<Int32>,
    into values: UnsafeMutableBufferPointer<Double>
  ) {
    guard let start = logits.baseAddress, let out = values.baseAddress else { return }
    let rowCount = logits.count / classCount
    if function == .logSoftmax {
      lo_small_log_probabilities(start, rowCount, classCount, out)
    } else {
      lo_small_gradients(
        start, rowCount, classCount,
        function == .crossEntropyGradient ? labels.baseAddress : nil, out)
    }
  }

  /// The ends of an enclosure of a loss whose head, the maximum less the logit, may be a midpoint.
  static func ends(
    _ loss: Double, maximum: Float, logit: Float
  ) -> (inner: Double, outer: Double)? {
    let (m, x) = (Double(maximum), Double(logit))
    // Knuth's TwoSum: what the difference loses.
    let head = m - x
    let part = head - m
    guard (m - (head - part)) + (-x - part) == 0 else { return nil }
    return ends(loss, head: head)
  }

  /// The same of a head that is exact: where it is positive, the loss lies above it by a positive tail, small as that may
  /// be, and beyond the next double where breakpoints are concerned, which are doubles.
  static func ends(_ loss: Double, head: Double) -> (inner: Double, outer: Double)? {
    guard head > 0 else { return nil }
    let inner = max(loss * lo_rowBelow, head.nextUp)
    return (inner, max(loss * lo_rowAbove, inner))
  }

  /// The sum of all values but two, which may be the same.
  private static func sum(
    _ values: UnsafeMutableBufferPointer<Double>, without a: Int, _ b: Int
  ) -> Double {
    let (first, second) = (values[a], values[b])
    (values[a], values[b]) = (0, 0)
    defer { (values[a], values[b]) = (first, second) }
    return lo_sum(values.baseAddress, values.count)
  }
}
