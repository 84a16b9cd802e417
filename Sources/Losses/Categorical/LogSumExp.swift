public import LossFunctions

/// log Σ e^x, unshifted: e^x overflows at log of the greatest number, and all terms underflow below
/// log of the least.
public struct UnshiftedLogSumExp: CategoricalAlgorithm {
  public var name: String { "unshifted" }
  public let function = LossFunction.logSumExp
  public var formula: String { "log(sum e^x)" }
  public var source: String { "the definition" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var sum: T = 0
    for logit in x { sum += T.exp(logit) }
    return [T.log(sum)]
  }
}

/// log Σ e^(x − max) + max, recursive summation: Blanchard, D. Higham and N. Higham, "Accurately
/// computing the log-sum-exp and softmax functions" (2021), Algorithm 3.1 without its log1p.
public struct ShiftedLogSumExp: CategoricalAlgorithm {
  public var name: String { "shifted" }
  public let function = LossFunction.logSumExp
  public var formula: String { "log(sum e^(x - max)) + max" }
  public var source: String {
    "Blanchard, D. Higham and N. Higham, \"Accurately computing the log-sum-exp and "
      + "softmax functions\" (2021), Algorithm 3.1"
  }
  public var frameworks: [String] { ["JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = shiftedExponentialSum(x)
    return [T.log(sum) + maximum]
  }
}

/// The greatest logit, and Σ e^(x − max) from first to last.
@inlinable
func shiftedExponentialSum<T: LossNumber>(_ x: some Collection<T>) -> (maximum: T, sum: T) {
  let maximum = greatest(x)
  var sum: T = 0
  for logit in x { sum += T.exp(logit - maximum) }
  return (maximum, sum)
}

/// The greatest logit.
@inlinable
func greatest<T: LossNumber>(_ x: some Collection<T>) -> T {
  var maximum = -T.infinity
  for logit in x { maximum = T.maximum(maximum, logit) }
  return maximum
}
