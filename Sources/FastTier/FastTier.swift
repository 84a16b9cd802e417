public import FloatFormats
public import LossFunctions
public import Reference

/// Correctly rounded values of the functions of one logit at the speed of double arithmetic.
///
/// A value is computed within a proven relative bound; where both ends of the bound round to the same
/// number, that is the correctly rounded one, and else the reference decides with MPFR. So the values
/// are those of the reference, bit for bit. Logits and values are of one format, at most as wide as
/// float32: then the head |z| of a loss is no breakpoint that a tail below the bound would decide.
public struct FastTier: Sendable {
  /// The function, with its label.
  public let function: OneLogitFunction
  /// The formats it serves.
  public static let formats: [FloatFormat] = [.float16, .bfloat16, .float32]

  /// The tier for one function.
  public init(_ function: OneLogitFunction) { self.function = function }

  /// A bound of the relative error of `approximate`.
  public var bound: Double {
    function.base == .softplus ? KernelConstants.lossBound : KernelConstants.sigmoidBound
  }

  /// The input of the reference for a logit.
  public func input(_ logit: Float) -> LossInput {
    let target = function.label.map { Target.probabilities([FloatValue(Double($0))]) }
    return LossInput(logits: [FloatValue(logit)], target: target ?? .none)
  }

  /// The exact value of one logit from the reference: MPFR.
  public func exact(_ logit: Float, in format: FloatFormat) throws(ReferenceError) -> CertifiedValue
  {
    try Reference().evaluate(function.function, input(logit), in: format)[0]
  }

  /// Approximate values of finite logits, not yet rounded, with a relative error below `bound` but
  /// where |value| < 2⁻¹⁸¹.
  ///
  /// - Parameters:
  ///   - logits: A multiple of four of them.
  ///   - approximations: Room for as many.
  public func approximate(
    _ logits: UnsafeBufferPointer<Float>, into approximations: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(logits.count % 4 == 0 && approximations.count >= logits.count)
    // One loop for each function, so that none decides anything inside.
    switch (function.base, function.negatesLogit) {
    case (.softplus, false): map(logits, approximations) { Kernel.softplus($0) }
    case (.softplus, true): map(logits, approximations) { Kernel.softplus(-$0) }
    case (.sigmoid, false): map(logits, approximations) { Kernel.sigmoid($0) }
    case (.sigmoid, true): map(logits, approximations) { Kernel.sigmoid(-$0) }
    }
  }

  @inline(__always)
  private func map(
    _ logits: UnsafeBufferPointer<Float>, _ values: UnsafeMutableBufferPointer<Double>,
    _ kernel: (Lanes) -> Lanes
  ) {
    let sign: Double = function.negatesValue ? -1 : 1
    var i = 0
    while i < logits.count {
      let z = Lanes(
        Double(logits[i]), Double(logits[i + 1]), Double(logits[i + 2]), Double(logits[i + 3]))
      let value = kernel(z) * sign
      values[i] = value[0]
      values[i + 1] = value[1]
      values[i + 2] = value[2]
      values[i + 3] = value[3]
      i += 4
    }
  }
}
