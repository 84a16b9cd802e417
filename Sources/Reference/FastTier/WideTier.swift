internal import FastKernels
package import FloatFormats
package import LossFunctions

/// Enclosures of the values at one input of float64 logits, for any format that float64 holds.
package struct WideTier: Sendable {
  /// The bits that its proven relative bound leaves.
  package static let precision = 80

  private let function: LossFunction

  /// The tier for a function.
  package init(_ function: LossFunction) { self.function = function }

  /// Enclosures of all outputs.
  ///
  /// - Parameter label: That of a function with a target; nil for others.
  /// - Returns: nil where a value is rational or a limit, below what is computed, or where logits are no
  ///   doubles: those are left to MPFR.
  package func approximate(_ logits: [FloatValue], label: Int?) -> [Approximation]? {
    guard logits.allSatisfy({ $0.isFinite && FloatFormat.float64.contains($0) }) else { return nil }
    if function.isBinary { return approximate(logits[0], label: label).map { [$0] } }
    // Equal logits have a softmax of 1/n.
    if function.isGradient || function == .softmax,
      logits.allSatisfy({ $0.isNumericallyEqual(to: logits[0]) })
    {
      return nil
    }
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { row in
      for i in logits.indices { row[i] = logits[i].double }
      return WideRowTier(function)?.approximate(UnsafeBufferPointer(row), label: label ?? 0)
    }
  }

  private func approximate(_ logit: FloatValue, label: Int?) -> Approximation? {
    guard let oneLogit = OneLogitFunction(function, label: label) else { return nil }
    let z = oneLogit.negatesLogit ? -logit.double : logit.double
    var pair = LOPair(high: 0, low: 0)
    let isNegative = oneLogit.negatesValue
    switch oneLogit.base {
    case .softplus:
      lo_wide_softplus([z], 1, 1, 1, &pair.high, &pair.low)
      return pair.high > 0
        ? Approximation(pair, head: max(z, 0), isNegative: isNegative) : nil
    case .sigmoid:
      lo_wide_sigmoid([z], 1, 1, 1, &pair.high, &pair.low)
      // σ(0) is rational.
      return pair.high > 0 && z != 0
        ? Approximation(pair, isBelowOne: true, isNegative: isNegative) : nil
    }
  }
}
