internal import LossFunctions
internal import SmallFoundation

extension CommonForm {
  /// How far off a function of one logit may be, in units u.
  func binaryError(_ logit: Double, target: Double) -> Double {
    let z = options.logits.value(logit)
    guard z.isFinite else { return 0 }
    let before = options.logits.error(logit)
    switch function {
    case .sigmoid: return sigmoidError(z, before)
    case .softplus:
      return Self.softplusError(options.beta * z) / options.beta + before
        * sigmoid(options.beta * z)
    case .logSigmoid: return Self.softplusError(-z) + before * sigmoid(-z)
    case .binaryCrossEntropyGradient:
      let terms = BinaryTerms(z, target, options)
      let slope = options.logits.slope(logit)
      let error = gradientError(z, before, terms)
      return slope.value * error + slope.error * (terms.gradientBound + error * unit)
    default: return lossError(z, before, BinaryTerms(z, target, options))
    }
  }

  /// 1/(1 + e^−z): relative to the value, as the quotient keeps it.
  static func sigmoidError(_ z: Double) -> Double {
    let (p, q) = (sigmoid(z), sigmoid(-z))
    return p * (q * (elementary + perGap * z.magnitude) + 4)
  }

  /// The same of a logit that is off already.
  func sigmoidError(_ z: Double, _ before: Double) -> Double {
    min(Self.sigmoidError(z) + before * sigmoid(z) * sigmoid(-z), greatestProbabilityError)
  }

  /// max(z, 0) + log1p(e^−|z|).
  private static func softplusError(_ z: Double) -> Double {
    let logarithm = log1p(exp(-z.magnitude))
    return 2 * max(z, 0) + (2 * elementary + perGap * z.magnitude) * logarithm
  }

  /// (A + B)·log1p(e^−|z|) and a multiple of z, which the forms in use take off again: one of them computes
  /// B·z + (A + B)·softplus(−z), where two numbers of the size of z cancel.
  private func plainLossError(_ z: Double, _ before: Double, _ terms: BinaryTerms) -> Double {
    let magnitude = 4 * z.magnitude + before
    return terms.sum * (magnitude + 2 * Self.elementary * log1p(exp(-z.magnitude)))
  }

  private func lossError(_ z: Double, _ before: Double, _ terms: BinaryTerms) -> Double {
    let plain = plainLossError(z, before, terms)
    guard options.isFocal else { return plain }
    let q = terms.factor(z, unit)
    let gamma = options.focalGamma
    let value = q.power(gamma) * terms.loss
    let upper = q.upperPower(gamma) * (terms.loss + plain * unit)
    let lower = q.lowerPower(gamma) * max(terms.loss - plain * unit, 0)
    let width = max(upper - value, value - lower) / unit
    return terms.balance * (width + value * q.powerRoundings(gamma))
  }

  /// (A + B)·σ(z) − A, in numbers of the size of its terms; or −A·σ(−z) + B·σ(z) with e^(z − log(1 + e^z)) for
  /// σ(z), as log(1 + e^z) is differentiated. The logarithm is rounded in the size of z there, until e^−|z| is
  /// less than that and the difference is 0.
  private func gradientError(_ z: Double, _ before: Double, _ terms: BinaryTerms) -> Double {
    let differentiated = terms.slope * min(z.magnitude, log(1 / unit))
    let plain = terms.sum * (4 + sigmoidError(z, before)) + differentiated
    guard options.isFocal else { return plain }
    // α·(q^γ·(p − y) − γ·q^(γ − 1)·(2y − 1)·p·(1 − p)·ℓ), the second at most γ·q^γ for y of 0 and 1.
    let q = terms.factor(z, unit)
    let gamma = options.focalGamma
    let (upper, lower) = (q.upperPower(gamma), q.lowerPower(gamma))
    let relative = q.powerRoundings(gamma) + plainLossError(z, before, terms)
    let width = (upper - lower) / unit + upper * relative
    return terms.balance * (1 + gamma) * (width + upper * plain)
  }
}

func sigmoid(_ z: Double) -> Double {
  let exponential = exp(-z.magnitude)
  return (z < 0 ? exponential : 1) / (1 + exponential)
}

/// What the two logarithms of the binary loss are multiplied with: A·softplus(−z) + B·softplus(z).
private struct BinaryTerms {
  let target: Double
  let sum: Double
  let loss: Double
  /// A·σ(−z) + B·σ(z).
  let slope: Double
  /// The balance α of a focal loss.
  let balance: Double

  /// What the gradient by z is not above in magnitude, but for the factor 1 + γ of a focal loss.
  var gradientBound: Double { slope * balance }

  init(_ z: Double, _ target: Double, _ options: CommonOptions) {
    let smoothed = target * (1 - options.labelSmoothing) + options.labelSmoothing / 2
    let (a, b) = (options.positiveWeight * smoothed, 1 - smoothed)
    self.target = target
    sum = a + b
    let logarithm = log1p(exp(-z.magnitude))
    loss = a * (max(-z, 0) + logarithm) + b * (max(z, 0) + logarithm)
    slope = a * sigmoid(-z) + b * sigmoid(z)
    balance = options.focalAlpha.map { $0 * target + (1 - $0) * (1 - target) } ?? 1
  }

  /// 1 − p·y − (1 − p)·(1 − y).
  func factor(_ z: Double, _ unit: Double) -> FocalFactor {
    let (p, q) = (sigmoid(z), sigmoid(-z))
    let relative = CommonForm.elementary + CommonForm.perGap * z.magnitude
    return FocalFactor(
      value: target * q + (1 - target) * p, error: (p * q * relative + 4) * unit)
  }
}
