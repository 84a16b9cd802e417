public import LossFunctions

/// log Σ e^(x − max) + max with a way to sum.
public struct SummedLogSumExp: CategoricalAlgorithm {
  let summation: Summation
  public let function = LossFunction.logSumExp
  public var name: String { summation.rawValue }
  public var formula: String { "s = \(summation.formula); log s + max" }
  public var source: String { summation.source }
  public var frameworks: [String] { summation.frameworks }

  public init(_ summation: Summation) { self.summation = summation }

  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    return [T.log(sum) + maximum]
  }
}

/// log Σ e^(x − max) − (xₜ − max) with a way to sum.
public struct SummedCrossEntropy: SoftTargetAlgorithm {
  let summation: Summation
  public let function = LossFunction.crossEntropy
  public var name: String { summation.rawValue }
  public var formula: String { "s = \(summation.formula); log s - (x_t - max)" }
  public var source: String { summation.source }
  public var frameworks: [String] { summation.frameworks }

  public init(_ summation: Summation) { self.summation = summation }

  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    return [T.log(sum) - (x[t] - maximum)]
  }

  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    let logarithm = T.log(sum)
    return [expectation(of: x.map { logarithm - ($0 - maximum) }, under: y)]
  }
}

/// e^(x − max) / Σ e^(x − max) with a way to sum.
public struct SummedSoftmax: CategoricalAlgorithm {
  let summation: Summation
  public let function = LossFunction.softmax
  public var name: String { summation.rawValue }
  public var formula: String { "s = \(summation.formula); e^(x - max) / s" }
  public var source: String { summation.source }
  public var frameworks: [String] { summation.frameworks }

  public init(_ summation: Summation) { self.summation = summation }

  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    return x.map { T.exp($0 - maximum) / sum }
  }
}
