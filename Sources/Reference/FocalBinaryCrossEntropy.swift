internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The binary focal loss α_t·q^γ·B of Lin et al., "Focal loss for dense object detection" (2017),
/// with torchvision's reading of soft targets: B the binary cross-entropy, σ = σ(z/T),
/// q = σ(1 − y) + (1 − σ)y and α_t = αy + (1 − α)(1 − y). Its derivative is
///
///     α_t·q^(γ−1)·[γ(1 − 2y)·σ(1 − σ)·B + q·(σ − y)] / T,
///
/// or α_t·q^γ·[γ(1 − 2y)·(1 − q)·B + σ − y] / T for y = 0 and y = 1.
///
/// With γ = 0 it is the plain loss, scaled. Otherwise no theorem rules out a rational value; what lies about one as z
/// grows, where σ is all but 0 or 1, has a head and a tail: see `saturated`.
struct FocalBinaryCrossEntropy: ExactScalar {
  let logit: SingleLogit
  let target: FloatValue
  let options: LossOptions
  let isGradient: Bool

  private var gamma: FloatValue { options.focalGamma ?? .zero }

  var ground: Ground { gamma.isZero ? logit.ground : .unsettled }
  var precisionLoss: Int { logit.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    let value = logit.value
    guard !value.isNaN, let weights = BinaryWeights(target: target, plainOptions) else {
      return .limit(.notANumber)
    }
    let balance = balance(weights)
    if balance.isZero { return .real(.zero()) }
    guard !gamma.isZero, value.isFinite else {
      return unfocused(weights, balance, precision: precision)
    }
    var number: HeadAndTail
    if let split = saturated(weights, precision) {
      number = split
    } else {
      let result = isGradient ? gradient(weights, precision) : loss(weights, precision)
      number = HeadAndTail(head: BigFloat(0), tail: result)
    }
    number.multiply(by: balance, precision: precision)
    if isGradient { value.multiplyBySlope(&number, precision: precision) }
    return .real(number)
  }

  /// For the weights and the plain loss: what stands before it is in the logit.
  private var plainOptions: LossOptions { LossOptions() }

  /// α_t, exactly.
  private func balance(_ weights: borrowing BinaryWeights) -> BigFloat {
    guard let alpha = options.focalAlpha else { return BigFloat(1) }
    let rest = BigFloat.exactDifference(BigFloat(1), BigFloat(alpha))
    return .exactSum(
      .exactProduct(BigFloat(alpha), weights.positive), .exactProduct(rest, weights.negative))
  }

  /// What is left at γ = 0 and at infinite logits, where q tends to 1 − y or y.
  private func unfocused(
    _ weights: borrowing BinaryWeights, _ balance: borrowing BigFloat, precision: Int
  ) -> ExactEntry {
    let plain =
      isGradient
      ? BinaryCrossEntropyGradient(logit: logit, target: target, options: plainOptions)
        .entry(precision: precision)
      : BinaryCrossEntropy(logit: logit, target: target, options: plainOptions)
        .entry(precision: precision)
    switch consume plain {
    case .limit(let limit): return .limit(limit)
    case .real(var number):
      number.multiply(by: balance, precision: precision)
      let value = logit.value
      let wrongSide = value.signum < 0 ? weights.positive.copy() : weights.negative.copy()
      guard value.isInfinite, !gamma.isZero, !wrongSide.isZero else { return .real(number) }
      // The plain gradient is ±(1 − y) or ±y there; q^γ multiplies it.
      var result = number.enclosure(precision: precision)
      var power = Enclosure(wrongSide)
      power.raise(to: BigFloat(gamma), precision: precision)
      result.multiply(by: power, precision: precision)
      return .real(HeadAndTail(head: BigFloat(0), tail: result))
    }
  }

  /// σ(z/T), or σ(−z/T).
  private func sigmoid(negated: Bool, _ precision: Int) -> Enclosure {
    SigmoidSplit(logit, negated: negated, precision: precision).enclosure(precision: precision)
  }

  /// q, a sum of non-negative terms.
  private func complement(_ weights: borrowing BinaryWeights, _ precision: Int) -> Enclosure {
    var wrong = sigmoid(negated: false, precision)
    wrong.multiply(by: weights.negative, precision: precision)
    var right = sigmoid(negated: true, precision)
    right.multiply(by: weights.positive, precision: precision)
    return .sum(wrong, right, precision: precision)
  }

  private func loss(_ weights: borrowing BinaryWeights, _ precision: Int) -> Enclosure {
    var result = complement(weights, precision)
    result.raise(to: BigFloat(gamma), precision: precision)
    result.multiply(by: crossEntropy(precision), precision: precision)
    return result
  }

  private func crossEntropy(_ precision: Int) -> Enclosure {
    let entry = BinaryCrossEntropy(logit: logit, target: target, options: plainOptions)
      .entry(precision: precision)
    switch consume entry {
    case .limit: return Enclosure(0)
    case .real(let number): return number.enclosure(precision: precision)
    }
  }

  private func gradient(_ weights: borrowing BinaryWeights, _ precision: Int) -> Enclosure {
    // Of a hard target q is σ or 1 − σ and a factor of both terms: taken out, nothing is divided by a q that
    // has underflowed.
    let isHard = weights.positive.isZero || weights.negative.isZero
    var focusing = sigmoid(negated: isHard && weights.positive.isZero, precision)
    if !isHard { focusing.multiply(by: sigmoid(negated: true, precision), precision: precision) }
    focusing.multiply(by: crossEntropy(precision), precision: precision)
    // γ(1 − 2y) = γ(b − a).
    let slope = BigFloat.exactDifference(weights.negative, weights.positive)
    focusing.multiply(by: .exactProduct(BigFloat(gamma), slope), precision: precision)

    let split = SigmoidSplit(logit, precision: precision)
    let head = BigFloat.exactDifference(split.head, weights.positive)
    let plain = HeadAndTail(head: head, tail: split.tail.copy()).enclosure(precision: precision)
    let complement = complement(weights, precision)
    var weighted = plain.copy()
    if !isHard { weighted.multiply(by: complement, precision: precision) }

    var bracket = Enclosure.sum(focusing, weighted, precision: precision)
    var power = complement.copy()
    if isHard {
      power.raise(to: BigFloat(gamma), precision: precision)
    } else {
      power = complement.reducedPower(BigFloat(gamma), precision: precision)
    }
    bracket.multiply(by: power, precision: precision)
    if logit.temperature != .one {
      bracket.divide(by: Enclosure(BigFloat(logit.temperature)), precision: precision)
    }
    return bracket
  }
}

extension Enclosure {
  /// q^(γ−1) of a positive value q; for γ < 1 as q^γ / q.
  borrowing func reducedPower(_ gamma: borrowing BigFloat, precision: Int) -> Enclosure {
    var power = copy()
    if gamma.isLess(than: BigFloat(1)) {
      power.raise(to: gamma, precision: precision)
      power.divide(by: self, precision: precision)
    } else {
      power.raise(to: .exactDifference(gamma, BigFloat(1)), precision: precision)
    }
    return power
  }
}
