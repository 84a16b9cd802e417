internal import FloatFormats
public import LossFunctions

/// g·(1 − p)·p through the rounded p: 0 once p rounds to 1, where the derivative is still e^(−z).
public struct OutputSigmoidGradient: BinaryAlgorithm {
  public var name: String { "from-output" }
  public let function = LossFunction.sigmoidGradient
  public var formula: String { "p = sigmoid(z); g (1 - p) p" }
  public var source: String {
    "PyTorch aten/src/ATen/native/cpu/BinaryOpsKernel.cpp, sigmoid_backward_kernel"
  }
  public var frameworks: [String] { ["PyTorch", "TensorFlow", "JAX"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    let p = TwoCaseSigmoid().value(logit: z, target: g)
    return g * ((1 - p) * p)
  }
}

/// g·p·q with q = σ(−z) in its own digits.
public struct BothSidesSigmoidGradient: BinaryAlgorithm {
  public var name: String { "both-sides" }
  public let function = LossFunction.sigmoidGradient
  public var formula: String { "w = e^-|z|; g (w/(1 + w)) (1/(1 + w))" }
  public var source: String { "ours: 1 - sigmoid(z) as sigmoid(-z)" }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    let w = T.exp(-z.magnitude)
    return g * (w / (1 + w) / (1 + w))
  }
}

/// g·(1 − σ(z)): 0 for z ≫ 0 once σ rounds to 1.
public struct ComplementLogSigmoidGradient: BinaryAlgorithm {
  public var name: String { "complement" }
  public let function = LossFunction.logSigmoidGradient
  public var formula: String { "g (1 - sigmoid(z))" }
  public var source: String { "the chain rule through p, simplified" }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    g * (1 - TwoCaseSigmoid().value(logit: z, target: g))
  }
}

/// g·([z < 0] ∓ w/(1 + w)) with w = e^(−|z|).
public struct BufferedLogSigmoidGradient: BinaryAlgorithm {
  public var name: String { "buffered" }
  public let function = LossFunction.logSigmoidGradient
  public var formula: String { "w = e^-|z|; g (z < 0 ? 1 - w/(1 + w) : w/(1 + w))" }
  public var source: String {
    "PyTorch aten/src/ATen/native/cpu/Activation.cpp, log_sigmoid_backward_cpu_kernel"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    let w = T.exp(-z.magnitude)
    return z < 0 ? g * (1 - w / (1 + w)) : g * (w / (1 + w))
  }
}

/// g·e^z/(1 + e^z): ∞/∞ once e^z overflows.
public struct QuotientSoftplusGradient: BinaryAlgorithm {
  public var name: String { "quotient" }
  public let function = LossFunction.softplusGradient
  public var formula: String { "g e^z / (1 + e^z)" }
  public var source: String { "the derivative of log(1 + e^z), as it comes" }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    let power = T.exp(z)
    return g * power / (power + 1)
  }
}

/// g·σ(z) with the two-case sigmoid.
public struct TwoCaseSoftplusGradient: BinaryAlgorithm {
  public var name: String { "two-case" }
  public let function = LossFunction.softplusGradient
  public var formula: String { "g (z >= 0 ? 1 / (1 + e^-z) : e^z / (1 + e^z))" }
  public var source: String { "TensorFlow core/kernels/softplus_op.h, functor::SoftplusGrad" }
  public var frameworks: [String] { ["TensorFlow"] }

  public init() {}

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    g * TwoCaseSigmoid().value(logit: z, target: g)
  }
}

/// log1p(e^(βz))/β for β = 2, and z where βz > 20.
public struct SharpSoftplus: BinaryAlgorithm {
  public var name: String { "beta-threshold" }
  public let function = LossFunction.softplus
  public var formula: String { "2 z > 20 ? z : log1p(e^(2 z)) / 2" }
  public var source: String { "PyTorch aten/src/ATen/native/cpu/Activation.cpp, softplus_kernel" }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .sharp }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    let scaled = 2 * z
    return scaled > 20 ? z : T.log(onePlus: T.exp(scaled)) / 2
  }
}

/// g·e^(βz)/(e^(βz) + 1) for β = 2, and g where βz > 20.
public struct SharpSoftplusGradient: BinaryAlgorithm {
  public var name: String { "beta-threshold" }
  public let function = LossFunction.softplusGradient
  public var formula: String { "2 z > 20 ? g : g e^(2 z) / (e^(2 z) + 1)" }
  public var source: String {
    "PyTorch aten/src/ATen/native/cpu/Activation.cpp, softplus_backward_kernel"
  }
  public var frameworks: [String] { ["PyTorch"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .sharp }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target g: T) -> T {
    let scaled = 2 * z
    let power = T.exp(scaled)
    return scaled > 20 ? g : g * power / (power + 1)
  }
}

extension LossOptions {
  /// β = 2 and PyTorch's threshold.
  fileprivate static var sharp: LossOptions {
    var options = LossOptions.with(\.beta, FloatValue(2.0))
    options.threshold = FloatValue(20.0)
    return options
  }
}
