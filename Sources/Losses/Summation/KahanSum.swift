public import RealModule

/// Compensated summation: what each addition loses is taken from the next term. Two roundings in
/// all, to first order, however many terms there are.
public struct KahanSum: ShiftedSum {
  public var name: String { "kahan" }
  public var formula: String { "compensated sum of e^(x - max)" }
  public var source: String { "Kahan, \"Further remarks on reducing truncation errors\" (1965)" }

  public init() {}

  @inlinable
  public func shiftedSum<T: Real>(_ x: [T]) -> (maximum: T, sum: T) {
    var maximum = -T.infinity
    for logit in x { maximum = T.maximum(maximum, logit) }
    var sum: T = 0
    var compensation: T = 0
    for logit in x {
      let term = T.exp(logit - maximum) - compensation
      let next = sum + term
      compensation = (next - sum) - term
      sum = next
    }
    return (maximum, sum)
  }
}
