internal import FastKernels
package import FloatFormats
package import LossFunctions

/// Correctly rounded values of the functions of one logit at the speed of double arithmetic.
///
/// A value is computed within a proven relative bound; where both ends of the bound round to the same
/// number, that is the correctly rounded one, and else the reference decides with MPFR. So the values
/// are those of the reference, bit for bit. Logits and values are of one format, at most as wide as
/// float32: then the head |z| of a loss is no breakpoint that a tail below the bound would decide.
package struct FastTier: Sendable {
  /// The function, with its label.
  package let function: OneLogitFunction
  /// The formats it serves.
  package static let formats: [FloatFormat] = [.float16, .bfloat16, .float32]

  /// The tier for one function.
  package init(_ function: OneLogitFunction) { self.function = function }

  /// A bound of the relative error of `approximate`.
  package var bound: Double {
    switch function.base {
    case .softplus: lo_lossBound
    case .sigmoid: lo_sigmoidBound
    // Of a product of two, and its rounding.
    case .slope: 2 * lo_sigmoidBound + 0x1p-52
    }
  }

  /// The test that has room for the bound.
  package func roundingTest(_ format: FloatFormat) -> RoundingTest {
    RoundingTest(format, function.base == .slope ? .row : .oneLogit)
  }

  /// The input of the reference for a logit.
  package func input(_ logit: Float) -> LossInput {
    let target = function.label.map { Target.probabilities([FloatValue(Double($0))]) }
    return LossInput(
      logits: [FloatValue(logit)], target: target ?? .none,
      gradOutput: function.isUnitGradient ? [.one] : [])
  }

  /// Approximate values of finite logits, not yet rounded, with a relative error below `bound` but
  /// where |value| < 2⁻¹⁸¹.
  ///
  /// - Parameter approximations: Room for as many.
  package func approximate(
    _ logits: UnsafeBufferPointer<Float>, into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(approximations.count >= logits.count)
    guard let start = logits.baseAddress, let values = approximations.baseAddress else { return }
    let logitSign: Double = function.negatesLogit ? -1 : 1
    let valueSign: Double = function.negatesValue ? -1 : 1
    switch function.base {
    case .softplus: lo_softplus(start, logits.count, logitSign, valueSign, values)
    case .sigmoid: lo_sigmoid(start, logits.count, logitSign, valueSign, values)
    case .slope:
      lo_sigmoid(start, logits.count, 1, 1, values)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { others in
        guard let others = others.baseAddress else { return }
        lo_sigmoid(start, logits.count, -1, 1, others)
        for index in 0..<logits.count { values[index] *= others[index] }
      }
    }
  }
}
