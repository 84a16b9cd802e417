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
    guard let start = logits.baseAddress, let out = values.baseAddress,
      logits.count > 1, Double(logits.count) <= lo_greatestClassCount
    else { return false }
    let greatest = lo_greatest(start, logits.count)
    guard greatest >= 0 else { return false }
    let count = logits.count
    let maximum = Double(logits[greatest])
    switch function {
    case .logSumExp:
      let tail = lo_log_one_plus(lo_sum_exponentials(start, count, greatest, maximum))
      // A maximum below 0 takes away what the tail adds: the bound holds while half of it is left.
      guard maximum >= 0 || (maximum + tail).magnitude >= tail else { return false }
      out[0] = maximum + tail
    case .crossEntropy:
      let tail = lo_log_one_plus(lo_sum_exponentials(start, count, greatest, maximum))
      out[0] = (maximum - Double(logits[label])) + tail
    case .logSoftmax:
      let tail = lo_log_one_plus(lo_sum_exponentials(start, count, greatest, maximum))
      for i in 0..<count { out[i] = -((maximum - Double(logits[i])) + tail) }
    case .softmax:
      lo_exponentials(start, count, maximum, out)
      lo_scale(out, count, 1 / (1 + Self.sum(out, count, without: greatest, greatest)))
    case .crossEntropyGradient:
      lo_exponentials(start, count, maximum, out)
      let others = Self.sum(out, count, without: greatest, label)
      // The exponential of the label is 1 where it is the greatest.
      var (numerator, total) = (others, 1 + others)
      if label != greatest {
        numerator = 1 + others
        total = numerator + out[label]
      }
      lo_scale(out, count, 1 / total)
      out[label] = -(numerator / total)
    default: return false
    }
    return true
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

  /// The most rows of few classes that go through `approximateGradients` at once.
  static let smallRowCount = 8

  /// Whether rows have few classes, and go eight at a time; the values of a single one are rational.
  static func isSmall(classCount: Int) -> Bool {
    classCount > 1 && classCount <= lo_smallClassCount
  }

  /// Whether rows go through a kernel for the gradients of few classes.
  static func hasSmallGradients(_ function: LossFunction, classCount: Int) -> Bool {
    (function == .crossEntropyGradient || function == .softmax) && isSmall(classCount: classCount)
  }

  /// Approximate gradients, or probabilities, of at most eight rows of few classes; NaN where `approximate` could not do it. There is room for eight more values.
  func approximateGradients(
    _ logits: UnsafeBufferPointer<Float>, classCount: Int, labels: UnsafeBufferPointer<Int32>,
    into values: UnsafeMutableBufferPointer<Double>
  ) {
    guard let start = logits.baseAddress, let out = values.baseAddress else { return }
    lo_small_gradients(
      start, logits.count / classCount, classCount,
      function == .crossEntropyGradient ? labels.baseAddress : nil, out)
  }

  /// The ends of an enclosure of a loss whose head, the maximum less the logit, may be a midpoint: where
  /// it is exact and positive, the loss lies above it by a positive tail, small as that may be, and beyond
  /// the next double where breakpoints are concerned, which are doubles.
  static func ends(
    _ loss: Double, maximum: Float, logit: Float
  ) -> (inner: Double, outer: Double)? {
    let (m, x) = (Double(maximum), Double(logit))
    // Knuth's TwoSum: what the difference loses.
    let head = m - x
    let part = head - m
    guard head > 0, (m - (head - part)) + (-x - part) == 0 else { return nil }
    let inner = max(loss * lo_rowBelow, head.nextUp)
    return (inner, max(loss * lo_rowAbove, inner))
  }

  /// The sum of all values but two, which may be the same.
  private static func sum(
    _ values: UnsafeMutablePointer<Double>, _ count: Int, without a: Int, _ b: Int
  ) -> Double {
    let (first, second) = (values[a], values[b])
    (values[a], values[b]) = (0, 0)
    defer { (values[a], values[b]) = (first, second) }
    return lo_sum(values, count)
  }
}
