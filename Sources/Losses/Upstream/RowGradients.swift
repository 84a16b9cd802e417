public import LossFunctions

/// g·e^(xᵢ) / Σ e^x, unshifted.
public struct UnshiftedLogSumExpGradient: GradientAlgorithm {
  public var name: String { "unshifted" }
  public let function = LossFunction.logSumExpGradient
  public var formula: String { "g e^x_i / sum e^x" }
  public var source: String { "the derivative of log(sum e^x), as it comes" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    UnshiftedSoftmax().outputs(logits: x, label: 0).map { g[0] * $0 }
  }
}

/// g·e^(xᵢ − lse): the rounding of lse, as large as the logits, is in every output.
public struct ExponentialLogSumExpGradient: GradientAlgorithm {
  public var name: String { "exp-difference" }
  public let function = LossFunction.logSumExpGradient
  public var formula: String { "g e^(x_i - logsumexp(x))" }
  public var source: String {
    "PyTorch torch/csrc/autograd/FunctionsManual.cpp, logsumexp_backward"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    let logSumExp = ShiftedLogSumExp().outputs(logits: x, label: 0)[0]
    return x.map { g[0] * T.exp($0 - logSumExp) }
  }
}

/// g·softmax(x).
public struct ShiftedLogSumExpGradient: GradientAlgorithm {
  public var name: String { "shifted" }
  public let function = LossFunction.logSumExpGradient
  public var formula: String { "g e^(x_i - max) / sum e^(x - max)" }
  public var source: String { "JAX jax/_src/ops/special.py, logsumexp, differentiated" }
  public var frameworks: [String] { ["JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    ShiftedSoftmax().outputs(logits: x, label: 0).map { g[0] * $0 }
  }
}

/// pᵢgᵢ − pᵢ·Σ pⱼgⱼ: two products whose difference cancels.
public struct TwoProductsSoftmaxGradient: GradientAlgorithm {
  public var name: String { "two-products" }
  public let function = LossFunction.softmaxGradient
  public var formula: String { "p = softmax(x); p_i g_i - p_i sum p g" }
  public var source: String { "the Jacobian diag(p) - p p' times g, as it is written" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    let products = zip(ShiftedSoftmax().outputs(logits: x, label: 0), g).map { ($0, $0 * $1) }
    var sum: T = 0
    for product in products { sum += product.1 }
    return products.map { $1 - $0 * sum }
  }
}

/// (gᵢ − Σ pⱼgⱼ)·pᵢ.
public struct OutputSoftmaxGradient: GradientAlgorithm {
  public var name: String { "shifted" }
  public let function = LossFunction.softmaxGradient
  public var formula: String { "p = softmax(x); (g_i - sum p g) p_i" }
  public var source: String {
    "PyTorch aten/src/ATen/native/cpu/SoftMaxKernel.cpp, host_softmax_backward"
  }
  public var frameworks: [String] { ["PyTorch", "TensorFlow", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    var sum: T = 0
    for (probability, number) in zip(p, g) { sum += probability * number }
    return zip(p, g).map { ($1 - sum) * $0 }
  }
}

/// pᵢ·Σ pⱼ(gᵢ − gⱼ): what all g have in common is gone before anything is rounded with it. O(n²).
public struct DifferencesSoftmaxGradient: GradientAlgorithm {
  public var name: String { "differences" }
  public let function = LossFunction.softmaxGradient
  public var formula: String { "p = softmax(x); p_i sum_j p_j (g_i - g_j)" }
  public var source: String { "ours: sum p = 1 taken into the sum" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    return p.indices.map { i in
      var sum: T = 0
      for j in p.indices where j != i { sum += p[j] * (g[i] - g[j]) }
      return p[i] * sum
    }
  }
}

/// gᵢ − e^(log pᵢ)·Σ gⱼ from the stored log-softmax.
public struct OutputLogSoftmaxGradient: GradientAlgorithm {
  public var name: String { "from-output" }
  public let function = LossFunction.logSoftmaxGradient
  public var formula: String { "l = log_softmax(x); g_i - e^l_i sum g" }
  public var source: String {
    "PyTorch aten/src/ATen/native/cpu/SoftMaxKernel.cpp, host_softmax_backward"
  }
  public var frameworks: [String] { ["PyTorch", "TensorFlow", "JAX"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    var sum: T = 0
    for number in g { sum += number }
    let logarithms = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    return zip(logarithms, g).map { $1 - T.exp($0) * sum }
  }
}

/// (gᵢ − pᵢgᵢ) − pᵢ·Σ of the other g, with 1 − p of the greatest as the sum of the others: an upstream for the class
/// that leads is not lost beside itself. O(n²).
public struct OthersLogSoftmaxGradient: GradientAlgorithm {
  public var name: String { "others" }
  public let function = LossFunction.logSoftmaxGradient
  public var formula: String { "p = softmax(x); g_i sum_(j != i) p_j - p_i sum_(j != i) g_j" }
  public var source: String { "ours: 1 - p_i as the sum of the other p" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], gradOutput g: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    return p.indices.map { i in
      var (others, numbers): (T, T) = (0, 0)
      for j in p.indices where j != i {
        others += p[j]
        numbers += g[j]
      }
      return g[i] * others - p[i] * numbers
    }
  }
}
