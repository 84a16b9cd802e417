internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The binary cross-entropy of a probability p, or its derivative by p, with the weights a and b of
/// `BinaryWeights`:
///
///     −a·log p − b·log(1 − p),        [b·p − a·(1 − p)] / (p·(1 − p)).
///
/// For p in (0, 1) the loss is the logarithm of p^−a·(1 − p)^−b, an algebraic number greater than 1 unless
/// both weights vanish, and so irrational by the theorem of Hermite and Lindemann. The derivative is rational.
/// At p = 0 and p = 1 the limits stand, with 0·∞ = 0: certain and right costs 0, certain and wrong ∞. What is no
/// probability has none: NaN.
struct ProbabilityBinaryCrossEntropy: ExactScalar {
  let probability: FloatValue
  let target: FloatValue
  let options: LossOptions
  let isGradient: Bool

  var precisionLoss: Int { 2 }

  func entry(precision: Int) -> ExactEntry {
    guard InputKind.probabilities.contains(probability),
      let weights = BinaryWeights(target: target, options)
    else { return .limit(.notANumber) }
    if probability.isZero {
      guard weights.positive.isZero else {
        return .limit(isGradient ? .negativeInfinity : .positiveInfinity)
      }
      return certain(slope: weights.negative.copy())
    }
    if probability.isNumericallyEqual(to: .one) {
      guard weights.negative.isZero else { return .limit(.positiveInfinity) }
      var slope = weights.positive.copy()
      slope.negate()
      return certain(slope: slope)
    }
    let p = BigFloat(probability)
    if isGradient { return .real(Self.slope(p, weights)) }
    var result = HeadAndTail.zero()
    if !weights.positive.isZero {
      result = .negatedLogarithm(of: p, precision: precision)
      result.multiply(by: weights.positive, precision: precision)
    }
    if !weights.negative.isZero {
      var other = HeadAndTail.negatedLogarithm(ofOneMinus: p, precision: precision)
      other.multiply(by: weights.negative, precision: precision)
      result.add(other, precision: precision)
    }
    return .real(result)
  }

  /// At the certain end that costs nothing.
  private func certain(slope: consuming BigFloat) -> ExactEntry {
    guard isGradient, !slope.isZero else { return .real(.zero()) }
    return .real(HeadAndTail(head: slope, tail: Enclosure(0)))
  }

  /// −a/p + b/(1 − p), exactly; of one term without the other's denominator.
  private static func slope(
    _ p: borrowing BigFloat, _ weights: borrowing BinaryWeights
  ) -> HeadAndTail {
    var positive = weights.positive.copy()
    positive.negate()
    if weights.negative.isZero {
      guard !positive.isZero else { return .zero() }
      return HeadAndTail(head: positive, tail: Enclosure(0), denominator: p.copy())
    }
    let q = BigFloat.exactDifference(BigFloat(1), p)
    if positive.isZero {
      return HeadAndTail(head: weights.negative.copy(), tail: Enclosure(0), denominator: q)
    }
    let head = BigFloat.exactSum(
      .exactProduct(positive, q), .exactProduct(weights.negative, p))
    guard !head.isZero else { return .zero() }
    return HeadAndTail(head: head, tail: Enclosure(0), denominator: .exactProduct(p, q))
  }
}

/// The binary cross-entropy of l = log p, or its derivative by l:
///
///     −a·l − b·log(1 − e^l),        −a + b·e^l / (1 − e^l).
///
/// For l < 0 and b > 0 both are irrational by the theorem of Lindemann and Weierstrass, as e^l is transcendental
/// and log(1 − e^l) = r would make e^l + e^r = 1; with b = 0 they are rational. At l = 0 and l = −∞ the limits
/// stand. What is above 0 is no logarithm of a probability: NaN.
struct LogProbabilityBinaryCrossEntropy: ExactScalar {
  let logarithm: FloatValue
  let target: FloatValue
  let options: LossOptions
  let isGradient: Bool

  var precisionLoss: Int { logarithm.exponentialPrecisionLoss }

  func entry(precision: Int) -> ExactEntry {
    guard InputKind.logProbabilities.contains(logarithm),
      let weights = BinaryWeights(target: target, options)
    else { return .limit(.notANumber) }
    if logarithm.isZero, !weights.negative.isZero { return .limit(.positiveInfinity) }
    if logarithm.isInfinite, !isGradient {
      return weights.positive.isZero ? .real(.zero()) : .limit(.positiveInfinity)
    }
    var head = weights.positive.copy()
    if isGradient { head.negate() }
    if head.isZero { head = BigFloat(0) }
    guard logarithm.isFinite else { return .real(HeadAndTail(head: head, tail: Enclosure(0))) }
    let l = BigFloat(logarithm)
    if !isGradient {
      head = logarithm.isZero ? BigFloat(0) : .exactProduct(head, BigFloat(logarithm.magnitude))
    }
    guard !weights.negative.isZero else {
      return .real(HeadAndTail(head: head, tail: Enclosure(0)))
    }
    var tail =
      isGradient
      ? Self.odds(l, precision: precision)
      : Enclosure.negatedLogarithm(ofOneMinusExponentialOf: l, precision: precision)
    tail.multiply(by: weights.negative, precision: precision)
    return .real(HeadAndTail(head: head, tail: tail))
  }

  /// e^l / (1 − e^l) for l < 0.
  private static func odds(_ l: borrowing BigFloat, precision: Int) -> Enclosure {
    var complement = Enclosure(l)
    complement.apply(.exponentialMinusOne, precision: precision)
    complement.negate()
    var result = Enclosure(l)
    result.apply(.exponential, precision: precision)
    result.divide(by: complement, precision: precision)
    return result
  }
}
