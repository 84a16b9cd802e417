public import LossFunctions

/// log1p over all but the greatest logit: the 1 of the greatest is never rounded into the sum, so that a
/// confident right answer keeps its digits.
public struct OthersCrossEntropy: CategoricalAlgorithm {
  public var name: String { "log1p" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "log1p(sum over i != argmax of e^(x_i - max)) - (x_t - max)" }
  public var source: String { "Blanchard, D. Higham and N. Higham (2021), Algorithm 3.1" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (greatest, rest) = exponentialSumOfOthers(x)
    return [T.log(onePlus: rest) - (x[t] - x[greatest])]
  }
}

/// log1p over all but the target: overflows for a mistake where e^(xᵢ − xₜ) does.
public struct TargetShiftedCrossEntropy: CategoricalAlgorithm {
  public var name: String { "log1p-target" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "log1p(sum over i != t of e^(x_i - x_t))" }
  public var source: String { "-log p_t with numerator and denominator divided by e^(x_t)" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var sum: T = 0
    for index in x.indices where index != t { sum += T.exp(x[index] - x[t]) }
    return [T.log(onePlus: sum)]
  }
}

/// log1p over all but the greatest logit, plus the greatest.
public struct OthersLogSumExp: CategoricalAlgorithm {
  public var name: String { "log1p" }
  public let function = LossFunction.logSumExp
  public var formula: String { "max + log1p(sum over i != argmax of e^(x_i - max))" }
  public var source: String { "Blanchard, D. Higham and N. Higham (2021), Algorithm 3.1" }
  public var frameworks: [String] { ["SciPy"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (greatest, rest) = exponentialSumOfOthers(x)
    return [x[greatest] + T.log(onePlus: rest)]
  }
}

/// The index of the first greatest logit, and Σ e^(x − max) over all the others.
@inlinable
func exponentialSumOfOthers<T: LossNumber>(_ x: [T]) -> (greatest: Int, sum: T) {
  var greatest = 0
  for index in x.indices where x[index] > x[greatest] { greatest = index }
  var sum: T = 0
  for index in x.indices where index != greatest { sum += T.exp(x[index] - x[greatest]) }
  return (greatest, sum)
}
