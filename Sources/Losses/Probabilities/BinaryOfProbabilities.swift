public import LossFunctions

/// −(y·log p + (1 − y)·log(1 − p)) as textbooks write it: 1 − p rounds to 1 for small p, and 0·log 0 is NaN.
public struct LogBinaryOfProbability: BinaryAlgorithm {
  public var name: String { "p-log" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "-(y log p + (1 - y) log(1 - p))" }
  public var source: String { "tinygrad tinygrad/mixin/op.py, binary_crossentropy" }
  public var frameworks: [String] { ["tinygrad"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    -(y * T.log(p) + (1 - y) * T.log(1 - p))
  }
}

/// The same with p clipped to [1e−7, 1 − 1e−7]: no loss exceeds 16.12, and none is below 1e−7.
public struct ClippedBinaryOfProbability: BinaryAlgorithm {
  public var name: String { "p-clipped" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "q = clip(p, 1e-7, 1 - 1e-7); -(y log q + (1 - y) log(1 - q))" }
  public var source: String { "Keras keras/src/backend/jax/nn.py, binary_crossentropy" }
  public var frameworks: [String] { ["Keras"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    let low: T = T(1e-7)
    let high: T = T(1 - 1e-7)
    return LogBinaryOfProbability()
      .value(logit: T.minimum(T.maximum(p, low), high), target: y)
  }
}

/// Both logarithms clamped at −100, the second by log1p: PyTorch's `BCELoss`. Exact in its digits down to
/// p = e^−100.
public struct ClampedBinaryOfProbability: BinaryAlgorithm {
  public var name: String { "p-clamped" }
  public let isExactFormula = false
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "(y - 1) max(log1p(-p), -100) - y max(log p, -100)" }
  public var source: String { "PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy" }
  public var frameworks: [String] { ["PyTorch", "Burn"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    let positive = T.maximum(T.log(p), -100)
    let negative = T.maximum(T.log(onePlus: -p), -100)
    return (y - 1) * negative - y * positive
  }
}

/// A logarithm for each half that counts, the second by log1p: nothing is clipped, and no 0·∞ made.
public struct DirectBinaryOfProbability: BinaryAlgorithm {
  public var name: String { "p-log1p" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String {
    "y = 0 ? -log1p(-p) : y = 1 ? -log p : -y log p - (1 - y) log1p(-p)"
  }
  public var source: String {
    "SciPy special.xlogy and xlog1py, as scikit-learn's log_loss has them"
  }
  public var frameworks: [String] { ["scikit-learn"] }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.probabilities) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    if y == 0 { return -T.log(onePlus: -p) }
    if y == 1 { return -T.log(p) }
    return -(y * T.log(p)) - (1 - y) * T.log(onePlus: -p)
  }
}

/// −y·l − (1 − y)·log1p(−e^l) of l = log p: the digits of 1 − p are lost as l nears 0.
public struct DirectBinaryOfLogProbability: BinaryAlgorithm {
  public var name: String { "log-p" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "-y l - (1 - y) log1p(-e^l)" }
  public var source: String { "NumPy, as log1mexp is written where there is none" }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.logProbabilities) }

  @inlinable
  public func value<T: LossNumber>(logit l: T, target y: T) -> T {
    if y == 1 { return -l }
    let other = -T.log(onePlus: -T.exp(l))
    return y == 0 ? other : (1 - y) * other - y * l
  }
}

/// The same with log(1 − e^l) in two cases (Mächler, "Accurately computing log(1 − exp(−|a|))", 2012).
public struct TwoCaseBinaryOfLogProbability: BinaryAlgorithm {
  public var name: String { "log-p-two-case" }
  public let function = LossFunction.binaryCrossEntropy
  public var formula: String { "l > -log 2 ? log(-expm1(l)) : log1p(-e^l) for log(1 - e^l)" }
  public var source: String {
    "M. Mächler, \"Accurately computing log(1 - exp(-|a|))\" (2012); R's log1mexp"
  }

  public init() {}

  public func options(classCount: Int) -> LossOptions { .of(.logProbabilities) }

  @inlinable
  public func value<T: LossNumber>(logit l: T, target y: T) -> T {
    if y == 1 { return -l }
    let other =
      l > T(-0.693_147_180_559_945_3)
      ? -T.log(-T.expMinusOne(l)) : -T.log(onePlus: -T.exp(l))
    return y == 0 ? other : (1 - y) * other - y * l
  }
}
