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

  /// The input of the reference for a pair.
  package func input(_ first: Float, _ second: Float) -> LossInput {
    LossInput(
      logits: [FloatValue(first), FloatValue(second)], target: .index(function.label))
  }

  /// Approximate magnitudes of the values that a finite logit has with other finite ones, for the
  /// rounding test of rows. Below 2⁻²⁸⁰ they and the exact ones are.
  package func approximate(
    _ first: Float, _ seconds: UnsafeBufferPointer<Float>,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(approximations.count >= seconds.count)
    guard let start = seconds.baseAddress, let values = approximations.baseAddress else { return }
    let sign: Double = function.label == 0 ? 1 : -1
    if function.function.isGradient {
      lo_pair_gradients(first, start, seconds.count, sign, values)
    } else {
      lo_pair_losses(first, start, seconds.count, sign, values)
    }
  }

  /// The ends of an enclosure of a loss whose head, the difference, may be a midpoint of the format.
  package func ends(
    _ first: Float, _ second: Float, _ approximation: Double
  ) -> (inner: Double, outer: Double)? {
    guard !function.function.isGradient else { return nil }
    return RowTier.ends(
      approximation, maximum: function.label == 0 ? second : first,
      logit: function.label == 0 ? first : second)
  }
}
