internal import FastKernels

/// Two rows of the same p/q for the leading classes, with hardly anything beside them, as where values underflow.
///
/// The other classes, each at a distance over T above 500 in both, have P = e^−d and Q = e^−e, and Z is the sum of all.
/// The leading ones have d = e to within 2⁻⁹⁰⁰, which adds less than 2⁻¹⁷⁹⁰ to what follows. With δ = d − e and D = Σ (P − Q), D² beside it next to nothing, the divergences are sums of positive terms:
///
///     KL:  Σ Q·(e^−δ − 1 + δ)/Zq                                             to within D²,
///     JS:  Σ ½[P·log(2P/(P + Q)) + Q·log(2Q/(P + Q))]/Zp                     to within |D|·(Σ Q|δ| + 4|D|).
///
/// The first is Σ qδ + log(Zp/Zq) with log(1 + D/Zq) = D/Zq − θD². The leading classes, of P/Zp and P/Zq,
/// add at most D² to the second, and Q·Zp/Zq for Q changes its terms by at most Q|δ|·|D| and Q·D².
struct SteepPair {
  private let classes: [Term]
  private let pTotal: Ball
  private let qTotal: Ball
  /// What is left out of the KL divergence, and of the JS divergence, in the units of the terms.
  private let lost: (kl: Double, js: Double)

  fileprivate struct Term {
    /// The greater of P and Q, in units of 2^`Ball.farExponent`.
    let greater: Ball
    /// |δ|.
    let shift: Ball
    /// s = e^−|δ|, the lesser over the greater.
    let ratio: Ball
    /// Whether Q is the greater.
    let isOfSecond: Bool
  }

  private static let limit = 500.0

  /// - Returns: nil for other rows.
  init?(_ p: BallRow, _ q: BallRow, temperature: Ball, count: Int) {
    var classes: [Term] = []
    var (difference, moved) = (Ball(0), 0.0)
    for index in 0..<count {
      let (own, other) = (p.distance(index) / temperature, q.distance(index) / temperature)
      let shift = (p.distance(index) - q.distance(index)) / temperature
      if shift.greatestMagnitude < 0x1p-900, own.high <= Self.limit { continue }
      guard own.high > Self.limit, other.high > Self.limit, shift.high.isFinite else { return nil }
      let isOfSecond = shift.high > 0
      let greater = Ball.farExponential(isOfSecond ? other : own)
      let term = Term(
        greater: greater, shift: shift.magnitude, ratio: shift.magnitude.exponentialOfNegative,
        isOfSecond: isOfSecond)
      let change = term.greater * term.lost
      difference = difference + (isOfSecond ? -change : change)
      moved += greater.greatestMagnitude * term.shift.greatestMagnitude
      classes.append(term)
    }
    self.classes = classes
    (pTotal, qTotal) = (p.total, q.total)
    // The leading ones add n·2⁻⁹⁰⁰ to D.
    let size = difference.greatestMagnitude + 0x1p-290
    let unit = 0x1p-570
    lost = (kl: size * size * unit, js: size * (moved + 4 * size) * unit)
  }

  /// Σ q·log(q/p).
  var divergence: MagnitudeEnclosure? {
    var sum = classes.reduce(Ball(0)) { $0 + $1.greater * $1.divergence }
    sum.error += lost.kl
    return number(sum / qTotal)
  }

  /// ½ Σ p·log(p/m) + q·log(q/m).
  var meanDivergence: MagnitudeEnclosure? {
    var sum = classes.reduce(Ball(0)) { $0 + $1.greater * $1.meanDivergence }
    sum.error += lost.js
    return number(sum / pTotal)
  }

  private func number(_ value: Ball) -> MagnitudeEnclosure? {
    guard value.hasSign else { return nil }
    var number = MagnitudeEnclosure(value)
    number?.exponent = Ball.farExponent
    return number
  }
}

extension SteepPair.Term {
  /// 1 − s.
  var lost: Ball {
    PowerSeries.expMinusOne(-shift).map { -$0 } ?? Ball(1) - ratio
  }

  /// e^−δ − 1 + δ of the greater Q; of the greater P the same over e^−δ, 1 − s·(1 + |δ|).
  var divergence: Ball {
    let sign = isOfSecond ? -shift : shift
    if let change = PowerSeries.expMinusOne(sign),
      let excess = PowerSeries.excessOverLogarithm(change)
    {
      return isOfSecond ? excess : excess * ratio
    }
    return isOfSecond ? shift - lost : lost - ratio * shift
  }

  /// ½[(1 + s)·(log 2 − log(1 + s)) − s·|δ|], which is ¼(1 + s)·[(1 + t)·log(1 + t) + (1 − t)·log(1 − t)] of
  /// t = (1 − s)/(1 + s).
  var meanDivergence: Ball {
    let sum = Ball(1) + ratio
    if let entropy = PowerSeries.entropy(lost / sum) { return sum * entropy * Ball(0.25) }
    let logarithm = Ball(1).logOnePlus - ratio.logOnePlus
    return (sum * logarithm - ratio * shift) * Ball(0.5)
  }
}
