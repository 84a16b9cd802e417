internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// A softplus of a sharpness β or with a threshold: max(z, 0) + log1p(e^(−β|z|)) / β, and z itself where βz is above the
/// threshold.
///
/// As that of β = 1 it is irrational for every finite z, but for those beyond the threshold.
struct SharpSoftplus: ExactScalar {
  let logit: FloatValue
  private let sharpness: Sharpness

  init(logit: FloatValue, _ options: LossOptions) {
    self.logit = logit
    sharpness = Sharpness(options)
  }

  var precisionLoss: Int { sharpness.precisionLoss(logit) }

  func entry(precision: Int) -> ExactEntry {
    switch logit.kind {
    case .nan: return .limit(.notANumber)
    case .infinite: return logit.isNegative ? .real(.zero()) : .limit(.positiveInfinity)
    case .finite: break
    }
    if sharpness.isLinear(logit) {
      return .real(HeadAndTail(head: BigFloat(logit), tail: Enclosure(0)))
    }
    var tail = Enclosure(sharpness.times(logit.magnitude.negated))
    tail.apply(.exponential, precision: precision)
    tail.apply(.logarithmOnePlus, precision: precision)
    if let beta = sharpness.beta {
      tail.divide(by: Enclosure(BigFloat(beta)), precision: precision)
    }
    return .real(
      HeadAndTail(head: logit.isNegative ? BigFloat(0) : BigFloat(logit), tail: tail))
  }
}

/// The derivative of the softplus, σ(βz), or 1 beyond the threshold: rational there and at z = 0.
struct SoftplusDerivative: ExactScalar {
  let logit: FloatValue
  private let sharpness: Sharpness

  init(logit: FloatValue, _ options: LossOptions) {
    self.logit = logit
    sharpness = Sharpness(options)
  }

  var precisionLoss: Int { sharpness.precisionLoss(logit) }

  func entry(precision: Int) -> ExactEntry {
    switch logit.kind {
    case .nan: return .limit(.notANumber)
    case .infinite where logit.isNegative: return .real(.zero())
    case .infinite: return .real(HeadAndTail(head: BigFloat(1), tail: Enclosure(0)))
    case .finite: break
    }
    if sharpness.isLinear(logit) {
      return .real(HeadAndTail(head: BigFloat(1), tail: Enclosure(0)))
    }
    let split = SigmoidSplit(Enclosure(sharpness.times(logit)), precision: precision)
    return .real(HeadAndTail(head: split.head, tail: split.tail.copy()))
  }
}

/// How sharply a softplus turns, β, and where it is taken for its asymptote.
private struct Sharpness {
  let beta: FloatValue?
  private let threshold: FloatValue?

  init(_ options: LossOptions) {
    beta = options.beta
    threshold = options.threshold
  }

  /// βz of a finite z, exactly.
  func times(_ logit: FloatValue) -> BigFloat {
    guard let beta else { return BigFloat(logit) }
    return .exactProduct(BigFloat(beta), BigFloat(logit))
  }

  /// Whether βz lies above the threshold, of a finite z.
  func isLinear(_ logit: FloatValue) -> Bool {
    threshold.map { BigFloat($0).isLess(than: times(logit)) } ?? false
  }

  /// The bits that e^(βz) loses to an error of half an ulp in its argument.
  func precisionLoss(_ logit: FloatValue) -> Int {
    let exponent = (logit.binaryExponent ?? 0) + (beta?.binaryExponent ?? 0) + 2
    return min(max(exponent, 0), FloatFormat.exponentBitRange.upperBound)
  }
}
