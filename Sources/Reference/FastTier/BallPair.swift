internal import FastKernels
internal import SmallFoundation

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
  ///
  /// - Parameter decay: t = e^−|δ|.
  func relativeLogarithm(_ index: Int, decay: Ball) -> Ball {
    let shift = shift(index)
    if shift.isZero { return shift }
    let lost = PowerSeries.expMinusOne(-shift.magnitude).map { -$0 } ?? Ball(1) - decay
    // log(1 + κ) − log(1 + κt), as one.
    if shift.high > 0 { return (ratio * lost / (Ball(1) + ratio * decay)).logOnePlus }
    let scaled = decay * (Ball(1) + ratio)
    if scaled.hasSign, (ratio * lost).high < scaled.high * 0x1p20 {
      return -(ratio * lost / scaled).logOnePlus
    }
    // log(1 + κ) − log(1 + κ/t) of κ/t = e^−ρ.
    let logarithm = logarithm(index)
    let rest = self.decay(index, logarithm).logOnePlus
    return ratio.logOnePlus - (logarithm.high < 0 ? rest - logarithm : rest)
  }

  /// Whether a class is so far from the greatest of a row that its term there counts for nothing, though its logarithm
  /// may be beyond all that a pair's bound times that of the term leaves.
  ///
  /// With d its distance over T, above 2000, and K ≤ 2²⁴ classes the probability is below e^−d, and |log(p/m)| and its
  /// distance to that of r are at most d + 2·log 2K < d + 36: the term is below 2⁻²⁸⁰⁰, and so is the sum of K.
  func isFar(_ row: BallRow, _ index: Int) -> Bool {
    let distance = row.distance(index) / temperature
    // One that overflows may be any number of a great temperature.
    return distance.high.isFinite && distance.high - distance.error > 2000
  }

  /// e^−|δ| of each class.
  func fillDecays(_ count: Int, _ column: BallColumn, _ scratch: UnsafeMutablePointer<Double>) {
    for index in 0..<count { column[index] = shift(index).magnitude }
    column.exponentiate(count, scratch)
  }

  /// (p − q)/T times a factor of a class whose exponentials have both been cut; nil of others, and where its sign is not
  /// certain.
  func farDifference(_ index: Int, times factor: Ball) -> MagnitudeEnclosure? {
    guard p.term(index).high < Ball.cut, q.term(index).high < Ball.cut else { return nil }
    let own = Ball.farExponential(p.distance(index) / temperature) / p.total
    let other = Ball.farExponential(q.distance(index) / temperature) / q.total
    var number = MagnitudeEnclosure((own - other) / temperature * factor)
    number?.exponent = Ball.farExponent
    return number
  }

  /// e^−d − e^−e of distances over T above 400, in units of 2^`Ball.farExponent`: the greater times 1 − e^−|d − e|.
  func farChange(_ index: Int) -> Ball {
    let (own, other) = (p.distance(index) / temperature, q.distance(index) / temperature)
    let shift = (p.distance(index) - q.distance(index)) / temperature
    if shift.isZero { return shift }
    let isOfSecond = shift.high > 0
    let lost =
      PowerSeries.expMinusOne(-shift.magnitude)
      ?? shift.magnitude.exponentialOfNegative - Ball(1)
    return .farExponential(isOfSecond ? other : own) * (isOfSecond ? lost : -lost)
  }

  /// e^−|ρ| of ρ = log(p/q): the lesser probability over the greater.
  func decay(_ index: Int, _ logarithm: Ball) -> Ball {
    let (own, other) = (p.probability(index), q.probability(index))
    let (lesser, greater) = logarithm.high < 0 ? (own, other) : (other, own)
    if greater.high > 4 * greater.error { return lesser / greater }
    // Both have been cut.
    return logarithm.magnitude.exponentialOfNegative
  }

  /// expm1(−δ) where |δ| is below 1/16; 0 exactly of 0.
  private func expMinusOne(_ index: Int) -> Ball? {
    let shift = shift(index)
    return shift.isZero ? shift : PowerSeries.expMinusOne(-shift)
  }

  /// Calls `body` with the excesses and their sum, 1 − κ.
  func withExcesses<Output>(_ count: Int, _ body: (BallList, _ sum: Ball) -> Output) -> Output? {
    BallList.with(count) { classes, column, _ in
      for index in classes {
        column[index - classes.lowerBound] = index == greatest ? Ball(0) : excess(index)
      }
    } _: {
      body($0, $0.sum)
    }
  }

  /// Calls `body` with `relativeLogarithm` of each class.
  func withLogarithms<Output>(_ count: Int, _ body: (BallList) -> Output) -> Output? {
    BallList.with(count) { classes, column, scratch in
      for index in classes { column[index - classes.lowerBound] = shift(index).magnitude }
      column.exponentiate(classes.count, scratch)
      for index in classes {
        let place = index - classes.lowerBound
        column[place] = relativeLogarithm(index, decay: column[place])
      }
    } _: {
      body($0)
    }
  }

  /// The sum of the excesses times Σ e^−e, over e^−least, also where all of them have been cut, and the least distance
  /// over T among them; nil where r is not the greatest of q too.
  func sumOfExcesses(
    _ count: Int, _ column: BallColumn, _ scratch: UnsafeMutablePointer<Double>
  ) -> (sum: Ball, least: Ball)? {
    guard offset.isZero else { return nil }
    // Of e^(−d/T) and e^(−e/T) the greater, times ±(1 − e^−|δ|).
    func distance(_ index: Int) -> Ball {
      shift(index).high > 0 ? p.distance(index) : q.distance(index)
    }
    fillDecays(count, column, scratch)
    for index in 0..<count {
      let shift = shift(index)
      let lost = PowerSeries.expMinusOne(-shift.magnitude) ?? column[index] - Ball(1)
      column[index] = shift.high > 0 ? lost : -lost
    }
    return scaledSum(count, of: distance) { column[$0] }
  }

  /// Σ e^−d·f over e^−least for factors that are 0 or have the sign of their class's δ, and the least distance over T
  /// among them; nil where all are 0.
  func sumOfShares(_ count: Int, _ factors: BallList) -> (sum: Ball, least: Ball)? {
    scaledSum(count, of: p.distance) { factors[$0] }
  }

  /// Over the classes other than r's kind, whose δ is 0.
  private func scaledSum(
    _ count: Int, of distance: (Int) -> Ball, factor: (Int) -> Ball
  ) -> (sum: Ball, least: Ball)? {
    Ball.scaledSum(
      (0..<count).filter { !shift($0).isZero }, temperature: temperature, distance: distance,
      factor: factor)
  }

  /// Whether the slope log(p/m) less its mean over p of a class is below 0, and a bound of the logarithm of its
  /// magnitude, where one of the terms of Σ pⱼ(cⱼ − cᵢ), with c = log1p(e^−ρ) and ρ = log(p/q), is above all those of
  /// the other sign together.
  func dominantSlope(_ index: Int, _ count: Int) -> (isNegative: Bool, logarithm: Double)? {
    guard count <= 1024 else { return nil }
    /// The least and the greatest logarithm of a term of each sign.
    var (positive, negative) = (-Double.infinity, -Double.infinity)
    var greatest = (positive: -Double.infinity, negative: -Double.infinity)
    let (own, ownRatio) = (shift(index), logarithm(index).high)
    for other in 0..<count where other != index {
      let difference = shift(other) - own
      if difference.isZero { continue }
      let ratio = logarithm(other).high
      let distance = (p.distance(other) / temperature).high
      // No slope of c is above 1, and c itself is no less than the difference.
      let least = min(ratio, ownRatio)
      let size =
        least > 40 ? -least : least < -40 ? log(-least) : log(log1p(exp(-least)))
      let gap = difference.high.magnitude + difference.error
      let logarithm = min(size, log(gap)) - distance
      // Of distances that are rounded to doubles.
      let slack = 1 + 0x1p-48 * (distance + ratio.magnitude + ownRatio.magnitude)
      guard slack.isFinite else { return nil }
      if !(difference.hasSign && difference.high < 0) {
        greatest.negative = max(greatest.negative, logarithm + slack)
      }
      if !(difference.hasSign && difference.high > 0) {
        greatest.positive = max(greatest.positive, logarithm + slack)
      }
      // From a gap of 1 on, the difference is no less than a ninth of its bound.
      guard difference.hasSign, difference.high.magnitude - difference.error > 1 else { continue }
      if difference.high < 0 {
        positive = max(positive, logarithm - slack - 2.2)
      } else {
        negative = max(negative, logarithm - slack - 2.2)
      }
    }
    let sum = log(Double(count)) + 1
    if positive > greatest.negative + sum { return (false, greatest.positive + sum) }
    if negative > greatest.positive + sum { return (true, greatest.negative + sum) }
    return nil
  }

  /// Whether both rows have the same distances, in whatever order, so that their sums are the same.
  func haveSameDistances(_ count: Int) -> Bool {
    func sorted(_ row: BallRow) -> [Ball] {
      (0..<count).map(row.distance).sorted { $1.isAbove($0) }
    }
    return zip(sorted(p), sorted(q)).allSatisfy { $0.high == $1.high && $0.low == $1.low }
  }

  /// Σ q·log(q/p) = Σ q·(z − log(1 + z)) of z = (p − q)/q, all positive.
  func divergence(_ count: Int) -> MagnitudeEnclosure? {
    withExcesses(count) { excesses, sum in
      var result = BallSum()
      for index in 0..<count {
        let other = q.probability(index)
        let difference = p.probability(index) * sum - excesses[index]
        if other.high > 4 * other.error,
          let excess = PowerSeries.excessOverLogarithm(difference / other)
        {
          result.add(other * excess)
        } else {
          result.add(difference - other * logarithm(index))
        }
      }
      return MagnitudeEnclosure(result.value, isPositive: true)
    } ?? nil
  }

  /// ½ Σ p·log(p/m) + q·log(q/m), of which each class adds ¼(p + q)·[(1 + t)·log(1 + t) + (1 − t)·log(1 − t)] of
  /// t = (p − q)/(p + q), all positive.
  ///
  /// - Parameter isPositive: Whether the distributions are known to differ.
  func meanDivergence(_ count: Int, isPositive: Bool) -> MagnitudeEnclosure? {
    withExcesses(count) { excesses, sum in
      var result = BallSum()
      for index in 0..<count {
        if isFar(p, index), isFar(q, index) {
          result.add(.nextToNothing)
          continue
        }
        let (own, other) = (p.probability(index), q.probability(index))
        let both = own + other
        let difference = own * sum - excesses[index]
        if both.high > 4 * both.error, let entropy = PowerSeries.entropy(difference / both) {
          result.add(both * entropy * Ball(0.25))
        } else {
          let (ofOwn, ofOther) = shares(index)
          let first = isFar(p, index) ? .nextToNothing : own * ofOwn
          let second = isFar(q, index) ? .nextToNothing : other * ofOther
          result.add((first + second) * Ball(0.5))
        }
      }
      return MagnitudeEnclosure(result.value, isPositive: isPositive)
    } ?? nil
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
