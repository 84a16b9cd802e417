internal import FastKernels
internal import FloatFormats
internal import LossFunctions

/// The binary losses with soft targets and options, in balls: the formulas of `BinaryCrossEntropy`,
/// `BinaryCrossEntropyGradient` and `FocalBinaryCrossEntropy`; and at a temperature the sigmoid, the
/// gradient for the target 0 but for its last factor, and the softplus, the loss for it.
struct BinaryBalls {
  private let function: LossFunction
  private let isGradient: Bool
  private let positiveWeight: Double
  private let smoothing: Double?
  private let temperature: Double
  /// What a gradient is multiplied by; nil for 1.
  private let scale: Double?
  private let gamma: Int?
  private let alpha: Double?

  /// - Returns: nil for a focal loss whose exponent is no small integer, and numbers that are no doubles.
  init?(_ function: LossFunction, _ options: LossOptions) {
    guard options.areDoubles else { return nil }
    self.function = function
    isGradient = function.isGradient || function == .sigmoid
    positiveWeight = options.positiveWeight?.double ?? 1
    smoothing = options.labelSmoothing?.double
    temperature = options.temperature?.double ?? 1
    scale = options.scale?.double
    alpha = options.focalAlpha?.double
    if let power = options.focalGamma, !power.isZero {
      guard let integer = Int(exactly: power.double), (1...8).contains(integer) else { return nil }
      gamma = integer
    } else {
      gamma = nil
    }
  }

  /// The output of a function without a target; nil as for those with one.
  func enclosed(logit z: Double) -> MagnitudeEnclosure? {
    var number = enclosed(logit: z, target: function == .logSigmoid ? 1 : 0)
    if function == .logSigmoid { number?.isNegative = true }
    return number
  }

  /// The gradient by the logit, of that by what the temperature divides it to.
  private func slope(_ gradient: Ball) -> Ball {
    guard function != .sigmoid else { return gradient }
    let quotient = gradient / Ball(temperature)
    return scale.map { quotient * Ball($0) } ?? quotient
  }

  /// The output for a logit, scaled and biased, and a target; nil where there is no certain one: at 0, where it may be
  /// rational, among others.
  func enclosed(logit z: Double, target y: Double) -> MagnitudeEnclosure? {
    guard z.isFinite, z != 0, y.isFinite else { return nil }
    var right = Ball(y)
    if let smoothing {
      // y(1 − ε) + ε/2.
      right = right * Ball.difference(1, smoothing) + Ball(smoothing / 2)
    }
    let negative = smoothing == nil ? Ball.difference(1, y) : Ball(1) - right
    let positive = right * Ball(positiveWeight)
    let divisor = Ball(temperature)
    // e^(−|z|/T), and its share w/(1 + w).
    var pair = LOPair(high: 0, low: 0)
    var magnitude = -z.magnitude
    lo_wide_tempered_exponentials(&magnitude, 1, 0, temperature, &pair.high, &pair.low)
    let w = Ball(term: pair)
    let share = w / (w + Ball(1))
    let weights = positive + negative
    // 1 less a target of 1 is 0 within a bound, where there is an ε: then the loss may be 0.
    guard weights.high > 2 * weights.error else { return nil }
    let wrong = z < 0 ? positive : negative
    let head = wrong * Ball(z.magnitude)
    let tail = weights * w.logOnePlus
    let gradient = z < 0 ? weights * share - positive : negative - weights * share
    if gamma == nil, alpha == nil {
      guard isGradient else {
        if temperature == 1 { return BallRow.enclosed(head: head, tail: tail) }
        return MagnitudeEnclosure(head / divisor + tail, isPositive: !weights.isZero)
      }
      var number = MagnitudeEnclosure(slope(gradient))
      if temperature == 1, scale == nil { number?.limit(to: wrong, ifNegative: z < 0) }
      return number
    }
    let loss = head / divisor + tail
    let balance =
      alpha.map { Ball($0) * positive + Ball.difference(1, $0) * negative } ?? Ball(1)
    let (sigmoid, rest) = z < 0 ? (share, Ball(1) - share) : (Ball(1) - share, share)
    guard let gamma else {
      return MagnitudeEnclosure(balance * (isGradient ? slope(gradient) : loss))
    }
    // q.
    let complement = sigmoid * negative + rest * positive
    guard isGradient else {
      return MagnitudeEnclosure(balance * complement.power(gamma) * loss)
    }
    let focusing = Ball(Double(gamma)) * (negative - positive) * sigmoid * rest * loss
    return MagnitudeEnclosure(
      slope(balance * complement.power(gamma - 1) * (focusing + complement * gradient)))
  }
}
