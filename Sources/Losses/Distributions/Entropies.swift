public import LossFunctions

/// −Σ p·log p of the unshifted softmax: NaN where a probability underflows.
public struct NaiveEntropy: CategoricalAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.entropy
  public var formula: String { "p = e^x / sum e^x; -sum p log p" }
  public var source: String { "the definition" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var sum: T = 0
    for p in UnshiftedSoftmax().outputs(logits: x, label: 0) { sum += p * T.log(p) }
    return [-sum]
  }
}

/// −Σ e^l·l of the log-softmax l.
public struct LogSoftmaxEntropy: CategoricalAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.entropy
  public var formula: String { "l = log_softmax(x); -sum e^l l" }
  public var source: String { "PyTorch torch/distributions/categorical.py, Categorical.entropy" }
  public var frameworks: [String] { ["PyTorch", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    var sum: T = 0
    for l in ShiftedLogSoftmax().outputs(logits: x, label: 0) { sum += T.exp(l) * l }
    return [-sum]
  }
}

/// log1p(S) + Σ p·(max − x): terms of one sign, so that a confident row keeps its digits.
public struct DistancesEntropy: CategoricalAlgorithm {
  public var name: String { "distances" }
  public let function = LossFunction.entropy
  public var formula: String {
    "log1p(S) + sum e^(x - max) (max - x) / (1 + S); S = sum of the others"
  }
  public var source: String { "ours" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let maximum = greatest(x)
    var (others, distances, isCounted): (T, T, Bool) = (0, 0, false)
    for logit in x {
      if !isCounted, logit == maximum {
        isCounted = true
        continue
      }
      let term = T.exp(logit - maximum)
      others += term
      distances += term * (maximum - logit)
    }
    return [T.log(onePlus: others) + distances / (1 + others)]
  }
}

/// −p·(l + H) of the log-softmax l and its entropy H.
public struct LogSoftmaxEntropyGradient: CategoricalAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.entropyGradient
  public var formula: String { "l = log_softmax(x); -e^l_i (l_i - sum e^l l)" }
  public var source: String { "PyTorch Categorical.entropy, differentiated" }
  public var frameworks: [String] { ["PyTorch", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let logarithms = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    var sum: T = 0
    for l in logarithms { sum += T.exp(l) * l }
    return logarithms.map { -(T.exp($0) * ($0 - sum)) }
  }
}

/// pᵢ·Σ pⱼ(xⱼ − xᵢ): what is the same in two classes is gone before anything is rounded. O(n²).
public struct DifferencesEntropyGradient: CategoricalAlgorithm {
  public var name: String { "differences" }
  public let function = LossFunction.entropyGradient
  public var formula: String { "p = softmax(x); p_i sum_j p_j (x_j - x_i)" }
  public var source: String { "ours: log p_i - log p_j = x_i - x_j" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], label t: Int) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    return p.indices.map { i in
      var sum: T = 0
      for j in p.indices where j != i { sum += p[j] * (x[j] - x[i]) }
      return p[i] * sum
    }
  }
}
