internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The weights of the two halves of the binary loss, exactly:
/// a·softplus(−z) + b·softplus(z) with a = w·y and b = 1 − y, y smoothed first.
struct BinaryWeights: ~Copyable {
  let positive: BigFloat
  let negative: BigFloat

  /// - Returns: nil for a target that is NaN.
  init?(target: FloatValue, _ options: LossOptions) {
    guard target.isFinite else { return nil }
    var y = BigFloat(target)
    let one = BigFloat(1)
    if let smoothing = options.labelSmoothing {
      // y(1 − ε) + ε/2.
      var half = BigFloat(smoothing)
      half.scale(byPowerOfTwo: -1, rounding: .nearestEven)
      let kept = BigFloat.exactDifference(one, BigFloat(smoothing))
      y = .exactSum(.exactProduct(y, kept), half)
    }
    negative = .exactDifference(one, y)
    positive =
      if let weight = options.positiveWeight { .exactProduct(y, BigFloat(weight)) } else { y }
  }

  /// a + b.
  var total: BigFloat { .exactSum(positive, negative) }
}

/// The binary cross-entropy of a logit z and a target y:
///
///     [a·max(−z, 0) + b·max(z, 0) + (a + b)·T·log1p(e^(−|z|/T))] / T.
///
/// The head is exact for soft targets too, where the frameworks' max(z, 0) − z·y rounds. Irrational
/// for every finite z unless both weights vanish: log1p(e^(−|z|/T)) = r would make 1 + e^q = e^r.
struct BinaryCrossEntropy: ExactScalar {
  let logit: SingleLogit
  let target: FloatValue
  let options: LossOptions

  var ground: Ground { logit.ground }
  var precisionLoss: Int { logit.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let value = logit.value
    let isNegative = value.signum < 0
    guard !value.isNaN, let weights = BinaryWeights(target: target, options) else {
      return .limit(.notANumber)
    }
    let isWrongSideFree = isNegative ? weights.positive.isZero : weights.negative.isZero
    if value.isInfinite { return isWrongSideFree ? .real(.zero()) : .limit(.positiveInfinity) }

    var result = isWrongSideFree ? HeadAndTail.zero() : value.parts(precision: precision)
    if !isWrongSideFree {
      var weight = isNegative ? weights.positive.copy() : weights.negative.copy()
      if isNegative { weight.negate() }
      result.multiply(by: weight, precision: precision)
    }
    var tail = logit.logOnePlusExponential(precision: precision)
    let temperature = BigFloat(logit.temperature)
    tail.multiply(by: .exactProduct(weights.total, temperature), precision: precision)
    result.tail = result.isRational ? tail : .sum(result.tail, tail, precision: precision)
    result.denominator = temperature
    return .real(result)
  }
}

/// Its derivative by z: [(a + b)·σ(z/T) − a] / T, rational only at z = 0; times that of z by the logit.
struct BinaryCrossEntropyGradient: ExactScalar {
  let logit: SingleLogit
  let target: FloatValue
  let options: LossOptions

  var ground: Ground { logit.ground }
  var precisionLoss: Int { logit.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let value = logit.value
    guard !value.isNaN, let weights = BinaryWeights(target: target, options) else {
      return .limit(.notANumber)
    }
    let temperature = BigFloat(logit.temperature)
    if value.isInfinite {
      let isNegative = value.signum < 0
      var head = isNegative ? weights.positive.copy() : weights.negative.copy()
      if isNegative { head.negate() }
      var result = HeadAndTail(head: head, tail: Enclosure(0), denominator: temperature)
      value.multiplyBySlope(&result, precision: precision)
      return .real(result)
    }
    let total = weights.total
    let sigmoid = SigmoidSplit(logit, precision: precision)
    let head = BigFloat.exactDifference(
      .exactProduct(total, sigmoid.head), weights.positive)
    var tail = sigmoid.tail.copy()
    tail.multiply(by: total, precision: precision)
    var result = HeadAndTail(head: head, tail: tail, denominator: temperature)
    value.multiplyBySlope(&result, precision: precision)
    return .real(result)
  }
}
