internal import FastKernels
package import FloatFormats
package import LossFunctions

/// Gradients by one logit times a `grad_output`, in 16-bit formats, through double arithmetic: ±g·σ(±z), of the sigmoid
/// g·σ(z)·σ(−z).
///
/// The kernels are those of two logits, of which one is 0: a share that is cut, e⁻²⁰⁰, times the greatest g is below half
/// of any least subnormal number, as those of `FastTier` are not.
package struct GradOutputTier: Hashable, Sendable {
  private let gradient: OneLogitFunction

  /// - Returns: nil for functions that take no `grad_output`, and for a missing or needless label, or one that is not 0
  ///   or 1.
  package init?(_ function: LossFunction, label: Int? = nil) {
    guard function.isBinary, function.gradOutputKind == .row || function.mayHaveGradOutput,
      let gradient = OneLogitFunction(
        function, label: label, isUnitGradient: function.gradOutputKind == .row)
    else { return nil }
    self.gradient = gradient
  }

  /// The function.
  package var function: LossFunction { gradient.function }
  /// The label.
  package var label: Int? { gradient.label }

  /// The test that has room for the bounds.
  package static func roundingTest(_ format: FloatFormat) -> RoundingTest {
    RoundingTest(format, .softGradient)
  }

  /// The input of the reference.
  package func input(_ gradOutput: Float, _ logit: Float) -> LossInput {
    LossInput(
      logits: [FloatValue(logit)],
      target: label.map { .probabilities([FloatValue(Float($0))]) } ?? .none,
      gradOutput: [FloatValue(gradOutput)])
  }

  /// Approximate values for finite numbers.
  package func approximate(
    _ gradOutput: Float, _ logits: UnsafeBufferPointer<Float>,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(approximations.count >= logits.count)
    guard let start = logits.baseAddress, let values = approximations.baseAddress else { return }
    let count = logits.count
    let factor = gradient.negatesValue ? -Double(gradOutput) : Double(gradOutput)
    lo_pair_gradients(0, start, count, gradient.negatesLogit ? -1 : 1, values)
    if gradient.base == .slope {
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { others in
        guard let others = others.baseAddress else { return }
        lo_pair_gradients(0, start, count, -1, others)
        for index in 0..<count { values[index] *= others[index] }
      }
    }
    lo_scale(values, count, factor)
  }
}
