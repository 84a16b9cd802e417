internal import FastKernels
package import FloatFormats
package import LossFunctions

/// Values of pairs of logits in a 16-bit format, through double arithmetic.
package struct PairTier: Sendable {
  /// The formats it serves, those whose pairs can be gone through.
  package static let formats: [FloatFormat] = [.float16, .bfloat16]

  private let function: PairFunction

  /// The tier for a function.
  package init(_ function: PairFunction) { self.function = function }

  /// The test that has room for the bounds.
  package func roundingTest(_ format: FloatFormat) -> RoundingTest {
    RoundingTest(format, function.function == .logSumExp ? .softGradient : .row)
  }

  /// The input of the reference for a pair.
  package func input(_ first: Float, _ second: Float) -> LossInput {
    LossInput(
      logits: [FloatValue(first), FloatValue(second)],
      target: function.label.map { .index($0) } ?? .none)
  }

  /// Approximate values that a finite logit has with other finite ones, for the rounding test. Below 2⁻²⁸⁰ they and
  /// the exact ones are; NaN where a log-sum-exp cancels.
  ///
  /// - Parameter column: Which of the values that outputs are made of.
  package func approximate(
    _ first: Float, _ seconds: UnsafeBufferPointer<Float>, column: Int,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(approximations.count >= seconds.count)
    guard let start = seconds.baseAddress, let values = approximations.baseAddress else { return }
    let sign: Double = label(ofColumn: column) == 0 ? 1 : -1
    switch function.function {
    case .logSumExp: lo_pair_log_sum_exps(first, start, seconds.count, values)
    case .entropy: lo_pair_entropies(first, start, seconds.count, values)
    case .crossEntropyGradient, .softmax:
      lo_pair_gradients(first, start, seconds.count, sign, values)
    default: lo_pair_losses(first, start, seconds.count, sign, values)
    }
  }

  /// The ends of an enclosure of a loss whose head, the difference, may be a midpoint of the format.
  package func ends(
    _ first: Float, _ second: Float, _ approximation: Double, column: Int
  ) -> (inner: Double, outer: Double)? {
    guard function.function == .crossEntropy || function.function == .logSoftmax else { return nil }
    let isOfFirst = label(ofColumn: column) == 0
    return RowTier.ends(
      approximation, maximum: isOfFirst ? second : first, logit: isOfFirst ? first : second)
  }

  /// The class from whose logit the difference leads to the other one. The probability of a class is the gradient for
  /// the other one as label.
  private func label(ofColumn column: Int) -> Int {
    function.label ?? (function.function == .softmax ? 1 - column : column)
  }
}
