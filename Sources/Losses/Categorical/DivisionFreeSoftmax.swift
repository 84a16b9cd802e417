public import LossFunctions

/// e^(x − lse): an exponential in place of the division. An error of an ulp of lse becomes one of
/// |lse| ulps.
public struct DivisionFreeSoftmax: CategoricalAlgorithm {
  public var name: String { "division-free" }
  public let function = LossFunction.softmax
  public var formula: String { "e^(x - log-sum-exp(x))" }
  public var source: String { "Blanchard, D. Higham and N. Higham (2021)" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let logSumExp = ShiftedLogSumExp().outputs(logits: x, label: t)[0]
    return x.map { T.exp($0 - logSumExp) }
  }
}
