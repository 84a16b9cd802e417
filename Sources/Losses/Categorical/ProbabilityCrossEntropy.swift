public import LossFunctions

/// −log of the shifted softmax. Finite logits give ∞ once a probability underflows.
public struct LogOfSoftmaxCrossEntropy: SoftTargetAlgorithm {
  public var name: String { "log-of-softmax" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "p = softmax(x); -log p_t" }
  public var source: String { "ONNX reference evaluator, softmax_cross_entropy_loss" }
  public var frameworks: [String] { ["ONNX reference"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    [-T.log(ShiftedSoftmax().outputs(logits: x, label: t)[t])]
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    return [expectation(of: p.map { -T.log($0) }, under: y)]
  }
}

/// The probabilities divided by their sum and clipped to [1e−7, 1 − 1e−7]: Keras on probabilities.
/// No loss exceeds 16.1181, and in float32 none falls below 1.2e−7.
public struct ClippedCrossEntropy: SoftTargetAlgorithm {
  public var name: String { "clipped" }
  public let isExactFormula = false
  public let function = LossFunction.crossEntropy
  public var formula: String { "p = clip(softmax(x) / sum softmax(x), 1e-7, 1 - 1e-7); -log p_t" }
  public var source: String { "Keras keras/src/backend/numpy/nn.py, categorical_crossentropy" }
  public var frameworks: [String] { ["Keras"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    [-T.log(probabilities(x)[t])]
  }

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], probabilities y: [T]) -> [T] {
    [expectation(of: probabilities(x).map { -T.log($0) }, under: y)]
  }

  @inlinable
  func probabilities<T: LossNumber>(_ x: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    var sum: T = 0
    for value in p { sum += value }
    let low: T = T(1e-7)
    let high: T = T(1 - 1e-7)
    return p.map { T.minimum(T.maximum($0 / sum, low), high) }
  }
}
