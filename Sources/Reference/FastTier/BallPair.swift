internal import FastKernels

/// Two rows over one temperature, p = softmax(x/T) and q = softmax(y/T), and what keeps its digits where they are nearly
/// equal or nearly disjoint.
///
/// With r the greatest class of p and κ = q_r/p_r, each q is κp·e^−δ, of δ = log(p/q) − log(p_r/q_r): a difference of
/// four logits over T, which a pair holds to all its digits. So q − κp is κp·expm1(−δ), to which the sums of the rows
/// add no error of their own.
struct BallPair {
  let p: BallRow
  let q: BallRow
  let temperature: Ball
  /// r.
  let greatest: Int
  /// κ = q_r/p_r, at most the number of classes.
  let ratio: Ball
  /// log(q's sum/p's sum), each over the exponential of its greatest logit.
  private let logarithms: Ball
  private let offset: Ball

  init(_ p: BallRow, _ q: BallRow, temperature: Ball) {
    (self.p, self.q, self.temperature, greatest) = (p, q, temperature, p.greatest)
    ratio = q.probability(greatest) / p.probability(greatest)
    logarithms = q.logarithm - p.logarithm
    offset = q.distance(greatest)
  }

  /// δ, 0 exactly where p/q is that of r.
  func shift(_ index: Int) -> Ball {
    ((q.distance(index) - p.distance(index)) - offset) / temperature
  }

  /// log(p/q).
  func logarithm(_ index: Int) -> Ball {
    (q.distance(index) - p.distance(index)) / temperature + logarithms
  }

  /// q − κp, of the sign of −δ.
  func excess(_ index: Int) -> Ball {
    let own = ratio * p.probability(index)
    return expMinusOne(index).map { own * $0 } ?? q.probability(index) - own
  }

  /// log(p/m) of the mean m = (p + q)/2, less that of r: −log1p(κ/(1 + κ)·expm1(−δ)), of the sign of δ.
  func relativeLogarithm(_ index: Int) -> Ball {
    if let power = expMinusOne(index) {
      if power.isZero { return power }
      if power.high > 0 { return -(ratio * power / (ratio + Ball(1))).logOnePlus }
      // log(1 − s) = −log(1 + s/(1 − s)).
      return (-(ratio * power) / (Ball(1) + ratio * (Ball(1) + power))).logOnePlus
    }
    let (own, other) = (p.probability(index), q.probability(index))
    let sum = own + other
    let isExact = sum.error <= sum.high * 0x1p-80
    let excess = isExact ? other - ratio * own : Ball(0)
    if isExact, excess.high < 0 { return (-excess / sum).logOnePlus }
    let scaled = own * (ratio + Ball(1))
    if isExact, scaled.hasSign, excess.high < scaled.high * 0x1p20 {
      return -(excess / scaled).logOnePlus
    }
    // log1p(κ) − log1p(e^−ρ) of ρ = log(p/q).
    let logarithm = logarithm(index)
    let rest = decay(index, logarithm).logOnePlus
    return ratio.logOnePlus - (logarithm.high < 0 ? rest - logarithm : rest)
  }

  /// e^−|ρ| of ρ = log(p/q): the lesser probability over the greater.
  func decay(_ index: Int, _ logarithm: Ball) -> Ball {
    let (own, other) = (p.probability(index), q.probability(index))
    let (lesser, greater) = logarithm.high < 0 ? (own, other) : (other, own)
    if greater.high > 4 * greater.error { return lesser / greater }
    // Both have been cut.
    if logarithm.high.magnitude > 40 { return Ball(LOPair(high: 0, low: 0), error: 0x1p-57) }
    return Ball(LOPair(high: 0.5, low: 0), error: 0.6)
  }

  /// expm1(−δ) where |δ| is below 1/16; 0 exactly of 0.
  private func expMinusOne(_ index: Int) -> Ball? {
    let shift = shift(index)
    return shift.isZero ? shift : PowerSeries.expMinusOne(-shift)
  }

  /// The excesses into their column.
  ///
  /// - Returns: Their sum, 1 − κ.
  func fillExcesses(_ count: Int, _ column: BallColumn) -> Ball {
    var sum = Ball(0)
    for index in 0..<count {
      let excess = index == greatest ? Ball(0) : excess(index)
      column[index] = excess
      sum = sum + excess
    }
    return sum
  }

  /// Σ q·log(q/p) = Σ q·(z − log(1 + z)) of z = (p − q)/q, all positive.
  func divergence(_ count: Int, _ scratch: BallColumn) -> MagnitudeEnclosure? {
    let sum = fillExcesses(count, scratch)
    var result = Ball(0)
    for index in 0..<count {
      let other = q.probability(index)
      let difference = p.probability(index) * sum - scratch[index]
      if other.high > 4 * other.error,
        let excess = PowerSeries.excessOverLogarithm(difference / other)
      {
        result = result + other * excess
      } else {
        result = result + (difference - other * logarithm(index))
      }
    }
    return MagnitudeEnclosure(result, isPositive: true)
  }

  /// ½ Σ p·log(p/m) + q·log(q/m), of which each class adds ¼(p + q)·[(1 + t)·log(1 + t) + (1 − t)·log(1 − t)] of
  /// t = (p − q)/(p + q), all positive.
  func meanDivergence(_ count: Int, _ scratch: BallColumn) -> MagnitudeEnclosure? {
    let sum = fillExcesses(count, scratch)
    var result = Ball(0)
    for index in 0..<count {
      let (own, other) = (p.probability(index), q.probability(index))
      let both = own + other
      let difference = own * sum - scratch[index]
      if both.high > 4 * both.error, let entropy = PowerSeries.entropy(difference / both) {
        result = result + both * entropy * Ball(0.25)
      } else {
        let (ofOwn, ofOther) = shares(index)
        result = result + (own * ofOwn + other * ofOther) * Ball(0.5)
      }
    }
    return MagnitudeEnclosure(result, isPositive: true)
  }

  /// The logarithms of 2p/(p + q) and 2q/(p + q): with ρ = log(p/q), which is known to more digits than the quotient,
  /// log 2 − log1p(e^−|ρ|) of the greater one and that less |ρ| of the other.
  private func shares(_ index: Int) -> (ofP: Ball, ofQ: Ball) {
    let logarithm = logarithm(index)
    let larger = Self.logarithmOfTwo - decay(index, logarithm).logOnePlus
    return logarithm.high < 0 ? (larger + logarithm, larger) : (larger, larger - logarithm)
  }

  private static let logarithmOfTwo = Ball(1).logOnePlus
}

/// A column of balls in scratch memory, three numbers each.
struct BallColumn {
  private let numbers: UnsafeMutablePointer<Double>

  init(_ numbers: UnsafeMutablePointer<Double>) { self.numbers = numbers }

  subscript(index: Int) -> Ball {
    get {
      let place = numbers + 3 * index
      return Ball(LOPair(high: place[0], low: place[1]), error: place[2])
    }
    nonmutating set {
      let place = numbers + 3 * index
      (place[0], place[1], place[2]) = (newValue.high, newValue.low, newValue.error)
    }
  }
}
