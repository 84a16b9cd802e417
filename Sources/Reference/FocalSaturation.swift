internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

// Focal losses where a logit is so far from the others that q^γ·B is a rational number but for a tail that no precision
// brings up to it: about one product of three in float32 lies on a midpoint there. Both q and B are that number
// and terms in the exponential s of the distance, so the tail is s times a bracket that has a sign.

extension FocalBinaryCrossEntropy {
  /// The value over the balance and the slope, where s = σ(−|z|/T) is beyond what `precision` tells; nil elsewhere, and
  /// where its head is not known to be a dyadic rational over T.
  ///
  /// With q₀ the weight of the wrong side and d = 1 − 2q₀, q = q₀ + s·d and B = q₀|z|/T − log1p(−s), so that
  ///
  ///     loss:         q₀^γ·[q₀·|z|/T + s·(γ·d·|z|/T + 1)],
  ///     derivative:  ±q₀^γ·[q₀ + s·(γ·d·(1 − |z|/T) − 1)] / T,
  ///
  /// in which each term behind s is within a factor of 1 ± 16·max(γ, 1)·s/q₀: (1 + x)^γ − 1 is γx(1 + η) for x = s·d/q₀ with
  /// |η| ≤ 2|x|·max(1, |γ − 1|), −log1p(−s) is s(1 + θ) with 0 < θ < 2s, and B/q is (|z|/T)(1 + ζ) with |ζ| ≤ 5s/q₀.
  func saturated(_ weights: borrowing BinaryWeights, _ precision: Int) -> HeadAndTail? {
    let value = logit.value
    guard value.isExact else { return nil }
    let isPositive = value.signum > 0
    let wrong = isPositive ? weights.negative.copy() : weights.positive.copy()
    guard let gamma = options.focalGamma, let wrongExponent = wrong.binaryExponent,
      let power = wrong.exactPower(gamma)
    else { return nil }
    let share = SigmoidSplit(logit, negated: isPositive, precision: precision)
    guard share.doubledHead == 0, let exponent = share.tail.upper.binaryExponent,
      exponent + gamma.bitsAboveOne - wrongExponent + 5 <= -precision
    else { return nil }

    var magnitude = value.exact
    if !isPositive { magnitude.negate() }
    let temperature = BigFloat(logit.temperature)
    var twice = wrong.copy()
    twice.scale(byPowerOfTwo: 1, rounding: .nearestEven)
    let tilt = BigFloat.exactProduct(BigFloat(gamma), .exactDifference(BigFloat(1), twice))
    // The bracket behind s, times T for the loss.
    var bracket = Enclosure(near: .exactProduct(tilt, magnitude), precision: precision)
    var head = BigFloat.exactProduct(power, wrong)
    if isGradient {
      bracket.divide(by: Enclosure(temperature), precision: precision)
      bracket.negate()
      bracket.add(Enclosure(near: tilt.copy(), precision: precision))
      bracket.add(Enclosure(near: BigFloat(-1), precision: precision))
    } else {
      bracket.add(Enclosure(near: temperature.copy(), precision: precision))
      head = .exactProduct(head, magnitude)
    }
    var tail = share.tail.copy()
    tail.multiply(by: bracket, precision: precision)
    tail.multiply(by: power, precision: precision)
    var result = HeadAndTail(head: head, tail: tail, denominator: temperature)
    if isGradient, !isPositive { result.multiply(by: BigFloat(-1), precision: precision) }
    return result
  }
}

/// The focal loss of a label and its derivatives, over their factors, where e^(−D/T) and all other exponentials are beyond what a
/// precision tells: the greatest logit, D above the label's, stands alone.
///
/// With s the greatest of these, W·s their sum and w·s that of the label,
///
///     loss:          D/T + s·(W − γ·w·D/T),
///     i = t:        −[1 + s·w·(γ·D/T − γ − 1)] / T,
///     i greatest:    [1 + s·(γ·w·D/T − γ·w − W)] / T,
///
/// in which each term behind s is within a factor of 1 ± 16·max(γ, 1)·n·s, and in the last of 1 ± 16·max(γ, 1)·(n + D/T)·s: with
/// V = W·s, p = w·s/(1 + V), log(1 + V) is V(1 − θV), (1 − p)^γ − 1 is −γp(1 + η) with |η| ≤ 2p·max(1, |γ − 1|), and
/// ℓ is (D/T)(1 + ζ) with 0 < ζ < V.
final class FocalSaturation {
  private let row: LogitRow
  private let label: Int
  private let gamma: FloatValue
  private let precision: Int
  /// D.
  private let distance: BigFloat
  /// s.
  private let greatestShare: Enclosure
  /// W and w.
  private let others: Enclosure
  private let own: Enclosure
  /// Whether D·s, too, is beyond what the precision tells.
  private let hasSteepSlope: Bool

  /// - Returns: nil for other rows.
  init?(_ row: LogitRow, label: Int, gamma: FloatValue, precision: Int) {
    guard row.maximumCount == 1, row.maximumIndex != label, row.maximum.isExact,
      row[label].isExact
    else { return nil }
    var second = label
    for index in row.logits.indices where index != row.maximumIndex && row[index].isFinite {
      if row[second].isLess(than: row[index]) { second = index }
    }
    let share = row.exponential(second, precision: precision)
    guard row[second].isExact, let exponent = share.upper.binaryExponent else { return nil }
    let countBits = Int.bitWidth - row.logits.count.leadingZeroBitCount
    let size = exponent + gamma.bitsAboveOne + 5
    guard size + countBits <= -precision else { return nil }
    var others = Enclosure.zero(precision: precision)
    for index in row.logits.indices where index != row.maximumIndex && row[index].isFinite {
      guard row[index].isExact else { return nil }
      others.add(row.exponential(index, below: second, precision: precision))
    }
    let distance = BigFloat.exactDifference(row.maximum.exact, row[label].exact)
    let steepness = (distance.binaryExponent ?? 0) - (row.temperature.binaryExponent ?? 0) + 1
    hasSteepSlope = size + max(countBits, steepness) + 1 > -precision
    own = row.exponential(label, below: second, precision: precision)
    greatestShare = share
    self.others = others
    self.distance = distance
    (self.row, self.label, self.gamma, self.precision) = (row, label, gamma, precision)
  }

  /// The loss.
  var loss: HeadAndTail {
    var bracket = others.copy()
    bracket.multiply(by: near(BigFloat(row.temperature)), precision: precision)
    bracket = .sum(bracket, pull(negated: true), precision: precision)
    return number(distance.copy(), bracket)
  }

  /// A derivative; nil for those by the logits that are neither the label's nor the greatest, and where that is nothing to be
  /// told of the greatest's.
  func derivative(_ index: Int) -> HeadAndTail? {
    guard index == label || index == row.maximumIndex && !hasSteepSlope else { return nil }
    var bracket = pull(negated: false)
    bracket.divide(by: Enclosure(BigFloat(row.temperature)), precision: precision)
    var rest = own.copy()
    rest.multiply(by: near(BigFloat(gamma)), precision: precision)
    // Of the label −w(γ + 1), of the greatest −(γ·w + W).
    var last = index == label ? own.copy() : others.copy()
    last.multiply(by: near(BigFloat(1)), precision: precision)
    rest = .sum(rest, last, precision: precision)
    rest.negate()
    var result = number(BigFloat(1), .sum(bracket, rest, precision: precision))
    if index == label { result.multiply(by: BigFloat(-1), precision: precision) }
    return result
  }

  /// γ·w·D, or its negative.
  private func pull(negated: Bool) -> Enclosure {
    var result = own.copy()
    result.multiply(by: near(.exactProduct(BigFloat(gamma), distance)), precision: precision)
    if negated { result.negate() }
    return result
  }

  private func near(_ number: consuming BigFloat) -> Enclosure {
    Enclosure(near: number, precision: precision)
  }

  /// (head + s·bracket) / T.
  private func number(
    _ head: consuming BigFloat, _ bracket: borrowing Enclosure
  ) -> HeadAndTail {
    var tail = greatestShare.copy()
    tail.multiply(by: bracket, precision: precision)
    return HeadAndTail(head: head, tail: tail, denominator: BigFloat(row.temperature))
  }
}

extension LogitRow {
  /// e^((xᵢ − xⱼ)/T) of exact logits.
  fileprivate func exponential(_ index: Int, below other: Int, precision: Int) -> Enclosure {
    var result = Enclosure.difference(self[index].exact, self[other].exact, precision: precision)
    if temperature != .one {
      result.divide(by: Enclosure(BigFloat(temperature)), precision: precision)
    }
    result.apply(.exponential, precision: precision)
    return result
  }
}

extension Enclosure {
  /// What is within a factor of 1 ± 2^−`precision` of a number; 0 for 0.
  fileprivate init(near number: consuming BigFloat, precision: Int) {
    var width = BigFloat(1)
    width.scale(byPowerOfTwo: -precision, rounding: .nearestEven)
    self.init(
      lower: .exactDifference(BigFloat(1), width), upper: .exactSum(BigFloat(1), width))
    multiply(by: number, precision: precision + 1)
  }
}

extension FloatValue {
  /// The bits that max(x, 1) takes before its point.
  fileprivate var bitsAboveOne: Int { max(binaryExponent ?? 0, 0) + 1 }
}

extension BigFloat {
  /// x^γ of a positive x, where it is a dyadic rational that is easily known as one: γ is a small integer, or x a power of two.
  fileprivate borrowing func exactPower(_ gamma: FloatValue) -> BigFloat? {
    if let count = Int(exactly: gamma.double), (0...64).contains(count) {
      var power = BigFloat(1)
      for _ in 0..<count { power = .exactProduct(power, self) }
      return power
    }
    guard significantBitCount == 1, let exponent = binaryExponent else { return nil }
    // γ times an exponent of a few digits, as a double of the same digits.
    let product = BigFloat.exactProduct(BigFloat(gamma), BigFloat(exponent))
    guard product.significantBitCount <= 53,
      let power = Int(exactly: product.double(rounding: .nearestEven))
    else { return nil }
    var result = BigFloat(1)
    result.scale(byPowerOfTwo: power, rounding: .nearestEven)
    return result
  }
}
