internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// log(1 + e^(z/T)) = [max(z, 0) + T·log1p(e^(−|z|/T))]/T, or its mirror image −log(1 + e^(−z/T)), the
/// log-sigmoid, z being what `LogitTransform` makes of the logit.
///
/// Irrational for every finite z. The tail is positive and lies below log 2.
struct Softplus: ExactScalar {
  let logit: SingleLogit

  /// Whether the value is −softplus(−logit).
  let isLogSigmoid: Bool

  var ground: Ground { logit.ground }
  var precisionLoss: Int { logit.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let value = logit.value
    let isNegative = (value.signum < 0) != isLogSigmoid
    if value.isNaN { return .limit(.notANumber) }
    if value.isInfinite {
      if isNegative { return .real(.zero()) }
      return .limit(isLogSigmoid ? .negativeInfinity : .positiveInfinity)
    }
    // The part of z that is above 0, for the log-sigmoid below 0, and the tail of its sign.
    var result = isNegative ? HeadAndTail.zero() : value.parts(precision: precision)
    var tail = logit.logOnePlusExponential(precision: precision)
    if logit.temperature != .one {
      tail.multiply(by: BigFloat(logit.temperature), precision: precision)
    }
    if isLogSigmoid { tail.negate() }
    result.tail = result.isRational ? tail : .sum(result.tail, tail, precision: precision)
    result.denominator = BigFloat(logit.temperature)
    return .real(result)
  }
}
