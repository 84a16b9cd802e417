public import LossFunctions

/// −log p_t, or −Σ y·log p over the classes that have a share: nothing is divided by the sum, nothing clipped.
public struct LogCategoricalOfProbabilities: SoftTargetAlgorithm {
  public var name: String { "p-log" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-log p_t" }
  public var source: String { "PyTorch nn.NLLLoss of torch.log" }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func outputs<T: LossNumber>(logits p: [T], label t: Int) -> [T] { [-T.log(p[t])] }

  @inlinable
  public func outputs<T: LossNumber>(logits p: [T], probabilities y: [T]) -> [T] {
    [expectation(of: p.map { -T.log($0) }, under: y)]
  }
}

/// The probabilities divided by their sum and clipped to [1e−7, 1 − 1e−7]: Keras. Of a row whose rounded sum
/// is not 1, the loss of a confident answer is that of another row.
public struct ClippedCategoricalOfProbabilities: SoftTargetAlgorithm {
  public var name: String { "p-clipped" }
  public let isExactFormula = false
  public let function = LossFunction.crossEntropy
  public var formula: String { "q = clip(p / sum p, 1e-7, 1 - 1e-7); -log q_t" }
  public var source: String { "Keras keras/src/backend/jax/nn.py, categorical_crossentropy" }
  public var frameworks: [String] { ["Keras"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func outputs<T: LossNumber>(logits p: [T], label t: Int) -> [T] {
    [-T.log(clipped(p)[t])]
  }

  @inlinable
  public func outputs<T: LossNumber>(logits p: [T], probabilities y: [T]) -> [T] {
    [expectation(of: clipped(p).map { -T.log($0) }, under: y)]
  }

  @inlinable
  func clipped<T: LossNumber>(_ p: [T]) -> [T] {
    var sum: T = 0
    for value in p { sum += value }
    let low: T = T(1e-7)
    let high: T = T(1 - 1e-7)
    return p.map { T.minimum(T.maximum($0 / sum, low), high) }
  }
}

/// −l_t, or −Σ y·l: PyTorch's `NLLLoss`.
public struct CategoricalOfLogProbabilities: SoftTargetAlgorithm {
  public var name: String { "log-p" }
  public let function = LossFunction.crossEntropy
  public var formula: String { "-l_t" }
  public var source: String { "PyTorch aten/src/ATen/native/LossNLL.cpp, nll_loss" }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.logProbabilities) }

  @inlinable
  public func outputs<T: LossNumber>(logits l: [T], label t: Int) -> [T] { [-l[t]] }

  @inlinable
  public func outputs<T: LossNumber>(logits l: [T], probabilities y: [T]) -> [T] {
    [expectation(of: l.map { -$0 }, under: y)]
  }
}

/// −1/p_t at the target and 0 elsewhere, or −y/p.
public struct CategoricalGradientOfProbabilities: SoftTargetAlgorithm {
  public var name: String { "p-quotients" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "i = t ? -1/p_i : 0" }
  public var source: String { "PyTorch autograd of nll_loss and log; JAX" }
  public var frameworks: [String] { ["PyTorch", "JAX"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func outputs<T: LossNumber>(logits p: [T], label t: Int) -> [T] {
    p.indices.map { $0 == t ? -1 / p[$0] : 0 }
  }

  @inlinable
  public func outputs<T: LossNumber>(logits p: [T], probabilities y: [T]) -> [T] {
    p.indices.map { y[$0] == 0 ? 0 : -y[$0] / p[$0] }
  }
}

/// −1 at the target and 0 elsewhere, or −y.
public struct CategoricalGradientOfLogProbabilities: SoftTargetAlgorithm {
  public var name: String { "log-p" }
  public let function = LossFunction.crossEntropyGradient
  public var formula: String { "i = t ? -1 : 0" }
  public var source: String { "PyTorch aten/src/ATen/native/LossNLL.cpp, nll_loss_backward" }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.logProbabilities) }

  @inlinable
  public func outputs<T: LossNumber>(logits l: [T], label t: Int) -> [T] {
    l.indices.map { $0 == t ? -1 : 0 }
  }

  @inlinable
  public func outputs<T: LossNumber>(logits l: [T], probabilities y: [T]) -> [T] {
    y.map { $0 == 0 ? 0 : -$0 }
  }
}
