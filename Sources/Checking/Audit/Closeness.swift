/// How near outputs must be to what a test expects: |a − e| ≤ atol + rtol·|e| for each, as
/// `numpy.allclose` and `torch.testing.assert_close` have it.
public struct Closeness: Codable, Hashable, Sendable {
  /// The relative tolerance.
  public let rtol: Double
  /// The absolute tolerance.
  public let atol: Double

  /// Tolerances, of which neither is negative.
  public init(rtol: Double, atol: Double) {
    self.rtol = rtol
    self.atol = atol
  }

  /// Whether an output passes. What is infinite is close to itself alone, and NaN to nothing.
  package func allows(_ actual: Double, _ expected: Double) -> Bool {
    guard actual.isFinite, expected.isFinite else { return actual == expected }
    return (actual - expected).magnitude <= atol + rtol * expected.magnitude
  }
}

extension Closeness: CustomStringConvertible {
  /// The comparison in a line.
  public var description: String { "|a - e| <= \(atol) + \(rtol) |e|" }
}
