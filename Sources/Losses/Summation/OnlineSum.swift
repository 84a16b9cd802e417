public import RealModule

/// One pass: where a greater logit comes, the sum so far is scaled down to it.
///
/// Each scaling costs an exponential's error and a rounding, n of each for ascending logits.
public struct OnlineSum: ShiftedSum {
  public var name: String { "online" }
  public var formula: String { "one pass: m' = max(m, x), s = s e^(m - m') + e^(x - m')" }
  public var source: String {
    "Milakov and Gimelshein, \"Online normalizer calculation for softmax\" (2018), Algorithm 3"
  }

  public init() {}

  @inlinable
  public func shiftedSum<T: Real>(_ x: [T]) -> (maximum: T, sum: T) {
    var maximum = -T.infinity
    var sum: T = 0
    // A masked logit, −∞, adds nothing; before the first finite one its difference would be NaN.
    for logit in x where logit != -.infinity {
      let next = T.maximum(maximum, logit)
      if next > maximum, sum != 0 { sum *= T.exp(maximum - next) }
      maximum = next
      sum += T.exp(logit - maximum)
    }
    return (maximum, sum)
  }
}
