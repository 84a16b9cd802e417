public import LossFunctions

/// The binary functions in the format's own arithmetic, to copy into a kernel.
///
/// With w = e^(−|z|) ≤ 1:
///
///     loss      |z|·c + log1p(w),  c = 1 − y for z ≥ 0 and y below: terms of one sign
///     gradient  ±(c − w/(1 + w)),  for the right label c = 0: no 1 to cancel with
///
/// With u = ulp(1)/2, exp and log1p within 1.02u + o(u), the error of w reaches log1p(w) with a
/// condition of w/((1 + w)·log1p(w)) ≤ 1, so log1p(w) is within 2.04u; c and its product are within 2u,
/// the sum adds half an ulp. In ulps, at most twice in u: below 2 for hard labels, since there one
/// term is exact, and below 3 for soft ones. For a soft label the gradient's difference may cancel:
/// its error is at most 4u·max(c, w/(1 + w)).
///
/// The gradients that are multiplied by g = `grad_output` are g·w/(1 + w)² for the sigmoid, and g·w/(1 + w) or g/(1 + w) for
/// softplus and log-sigmoid: 1.02u for w and four roundings, below 6 ulps. Where w is below the normal numbers and g
/// need not be, w is e^(−|z|/2) squared, one factor of it multiplied with g.
public struct PracticalBinary: BinaryAlgorithm {
  public var name: String { "practical" }
  public let function: LossFunction
  public var source: String { "ours" }

  /// - Returns: nil for a function of a row.
  public init?(_ function: LossFunction) {
    guard function.isBinary else { return nil }
    self.function = function
  }

  public var formula: String {
    switch function {
    case .binaryCrossEntropy: "|z| (z < 0 ? y : 1 - y) + log1p(e^-|z|)"
    case .binaryCrossEntropyGradient: "w = e^-|z|; z < 0 ? w/(1 + w) - y : (1 - y) - w/(1 + w)"
    case .sigmoid: "w = e^-|z|; (z < 0 ? w : 1)/(1 + w)"
    case .softplus: "max(z, 0) + log1p(e^-|z|)"
    case .sigmoidGradient: "w = e^-|z|; g w/(1 + w)/(1 + w)"
    case .logSigmoidGradient: "w = e^-|z|; g (z < 0 ? 1 : w)/(1 + w)"
    case .softplusGradient: "w = e^-|z|; g (z < 0 ? w : 1)/(1 + w)"
    default: "-(max(-z, 0) + log1p(e^-|z|))"
    }
  }

  @inlinable
  public func value<T: LossNumber>(logit z: T, target y: T) -> T {
    switch function {
    case .softplus: return Self.loss(z, 0)
    case .logSigmoid: return -Self.loss(z, 1)
    case .binaryCrossEntropy: return Self.loss(z, y)
    case .binaryCrossEntropyGradient: return Self.gradient(z, y)
    case .sigmoidGradient: return Self.tail(z, times: y) / (1 + T.exp(-z.magnitude))
    case .logSigmoidGradient: return z < 0 ? y / (1 + T.exp(z)) : Self.tail(z, times: y)
    case .softplusGradient: return z < 0 ? Self.tail(z, times: y) : y / (1 + T.exp(-z))
    default:
      let w = T.exp(-z.magnitude)
      return (z < 0 ? w : 1) / (1 + w)
    }
  }

  /// The loss for a logit and a label, hard or soft.
  @inlinable
  public static func loss<T: LossNumber>(_ z: T, _ y: T) -> T {
    let wrongShare = z < 0 ? y : 1 - y
    let tail = T.log(onePlus: T.exp(-z.magnitude))
    // Also keeps 0·∞ out.
    if wrongShare == 0 { return tail }
    return z.magnitude * wrongShare + tail
  }

  /// The gradient of the loss by the logit.
  @inlinable
  public static func gradient<T: LossNumber>(_ z: T, _ y: T) -> T {
    let w = T.exp(-z.magnitude)
    let share = w / (1 + w)
    return z < 0 ? share - y : (1 - y) - share
  }

  /// g·w/(1 + w).
  @inlinable
  static func tail<T: LossNumber>(_ z: T, times g: T) -> T {
    let w = T.exp(-z.magnitude)
    guard w < T.leastNormalMagnitude else { return g * (w / (1 + w)) }
    let half = T.exp(-z.magnitude / 2)
    // Of an infinite logit 0·∞ is NaN, as it is without the square.
    return half * (half * g)
  }
}
