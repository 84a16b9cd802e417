public import LossFunctions

// The gradients of the losses, as backward passes compute them: times the gradient of what comes after.

/// (σ(z) − y)·g.
public struct UpstreamBinaryCrossEntropyGradient: UpstreamAlgorithm {
  public var name: String { "fused-upstream" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "(sigmoid(z) - y) g" }
  public var source: String {
    "PyTorch torch/csrc/autograd/FunctionsManual.cpp, binary_cross_entropy_with_logits_backward"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], target y: [T], gradOutput g: T) -> [T] {
    [(TwoCaseSigmoid().value(logit: x[0], target: y[0]) - y[0]) * g]
  }
}

/// ((p − y)/(p(1 − p))·g)·(p(1 − p)): the loss of a probability and the sigmoid one after the other.
public struct ChainUpstreamBinaryCrossEntropyGradient: UpstreamAlgorithm {
  public var name: String { "naive-chain-upstream" }
  public let function = LossFunction.binaryCrossEntropyGradient
  public var formula: String { "p = 1/(1 + e^-z); (-y/p + (1 - y)/(1 - p)) g p (1 - p)" }
  public var source: String { "the chain rule through p, as automatic differentiation applies it" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], target y: [T], gradOutput g: T) -> [T] {
    let p = NaiveSigmoid().value(logit: x[0], target: y[0])
    let byProbability = (-y[0] / p + (1 - y[0]) / (1 - p)) * g
    return [byProbability * (p * (1 - p))]
  }
}

/// g·(Σy·softmax(x) − y).
public struct UpstreamCrossEntropyGradient: UpstreamAlgorithm {
  public var name: String { "fused-upstream" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "g (softmax(x)_i - [i = t])" }
  public var source: String {
    "TensorFlow python/ops/nn_grad.py, _SparseSoftmaxCrossEntropyWithLogitsGrad"
  }
  public var frameworks: [String] { ["TensorFlow", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], target y: [T], gradOutput g: T) -> [T] {
    FusedCrossEntropyGradient().outputs(logits: x, probabilities: y).map { g * $0 }
  }
}

/// −g·yᵢ − e^(log pᵢ)·Σ(−g·y): the gradients of the two functions that the loss is made of, one after the other.
public struct OutputUpstreamCrossEntropyGradient: UpstreamAlgorithm {
  public var name: String { "from-output-upstream" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "l = log_softmax(x); -g [i = t] + e^l_i g" }
  public var source: String {
    "PyTorch aten/src/ATen/native/LossNLL.cpp, nll_loss_backward, and SoftMaxKernel.cpp"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], target y: [T], gradOutput g: T) -> [T] {
    OutputLogSoftmaxGradient().outputs(logits: x, gradOutput: y.map { -g * $0 })
  }
}
