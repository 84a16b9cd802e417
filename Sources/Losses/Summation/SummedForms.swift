public import FloatFormats
public import LossFunctions
public import RealModule

/// log Σ e^(x − max) + max with a way to sum.
public struct SummedLogSumExp<Sum: ShiftedSum>: CategoricalAlgorithm {
  let summation: Sum
  public let function = LossFunction.logSumExp
  public var name: String { summation.name }
  public var formula: String { "s = \(summation.formula); log s + max" }
  public var source: String { summation.source }
  public var frameworks: [String] { summation.frameworks }

  public init(_ summation: Sum) { self.summation = summation }

  public func outputs<T: Real>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    return [T.log(sum) + maximum]
  }
}

/// log Σ e^(x − max) − (xₜ − max) with a way to sum.
public struct SummedCrossEntropy<Sum: ShiftedSum>: SoftTargetAlgorithm {
  let summation: Sum
  public let function = LossFunction.crossEntropy
  public var name: String { summation.name }
  public var formula: String { "s = \(summation.formula); log s - (x_t - max)" }
  public var source: String { summation.source }
  public var frameworks: [String] { summation.frameworks }

  public init(_ summation: Sum) { self.summation = summation }

  public func outputs<T: Real>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    return [T.log(sum) - (x[t] - maximum)]
  }

  public func outputs<T: Real>(logits x: [T], probabilities y: [T]) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    let logarithm = T.log(sum)
    return [expectation(of: x.map { logarithm - ($0 - maximum) }, under: y)]
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    summation.fill(self, values, first: first, seconds: seconds, label: label, in: format)
  }
}

/// e^(x − max) / Σ e^(x − max) with a way to sum.
public struct SummedSoftmax<Sum: ShiftedSum>: CategoricalAlgorithm {
  let summation: Sum
  public let function = LossFunction.softmax
  public var name: String { summation.name }
  public var formula: String { "s = \(summation.formula); e^(x - max) / s" }
  public var source: String { summation.source }
  public var frameworks: [String] { summation.frameworks }

  public init(_ summation: Sum) { self.summation = summation }

  public func outputs<T: Real>(logits x: [T], label t: Int) -> [T] {
    let (maximum, sum) = summation.shiftedSum(x)
    return x.map { T.exp($0 - maximum) / sum }
  }
}
