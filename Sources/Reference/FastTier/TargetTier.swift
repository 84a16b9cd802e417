internal import FastKernels
package import FloatFormats
package import LossFunctions

/// The binary cross-entropy and its gradient for targets from 0 to 1, in 16-bit formats, through double arithmetic.
package struct TargetTier: Hashable, Sendable {
  /// The function.
  package let function: LossFunction

  /// - Returns: nil for other functions.
  package init?(_ function: LossFunction) {
    guard function == .binaryCrossEntropy || function == .binaryCrossEntropyGradient else {
      return nil
    }
    self.function = function
  }

  /// The test that has room for the bounds.
  package func roundingTest(_ format: FloatFormat) -> RoundingTest {
    RoundingTest(format, function.isGradient ? .softGradient : .row)
  }

  /// Approximate values for finite logits; NaN where a gradient cancels.
  package func approximate(
    _ target: Float, _ logits: UnsafeBufferPointer<Float>,
    into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(approximations.count >= logits.count)
    guard let start = logits.baseAddress, let values = approximations.baseAddress else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: logits.count) { targets in
      targets.initialize(repeating: target)
      if function.isGradient {
        lo_soft_gradients(start, targets.baseAddress, logits.count, values)
      } else {
        lo_soft_losses(start, targets.baseAddress, logits.count, values)
      }
    }
  }

  /// The ends of an enclosure where the value may be close to a midpoint of the format: a loss lies above its head, |z|
  /// times the weight of the wrong side, and a gradient for z > 0 below 1 − y, both of which may be midpoints.
  package func ends(
    _ target: Float, _ logit: Float, _ approximation: Double
  ) -> (inner: Double, outer: Double)? {
    let (y, z) = (Double(target), Double(logit))
    let weight = z < 0 ? y : 1 - y
    guard z < 0 || 1 - weight == y else { return nil }
    guard function.isGradient else {
      let head = z.magnitude * weight
      guard (-head).addingProduct(z.magnitude, weight) == 0 else { return nil }
      return RowTier.ends(approximation, head: head)
    }
    guard z > 0, approximation > 0 else { return nil }
    let outer = min(approximation * lo_softAbove, weight.nextDown)
    return (min(approximation * lo_softBelow, outer), outer)
  }
}
