internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// ½ Σ [pⱼ·log(pⱼ/mⱼ) + qⱼ·log(qⱼ/mⱼ)] of a `LogitPair`, with the mean m = (p + q)/2, and its derivatives by x,
///
///     pᵢ·[log(pᵢ/mᵢ) − Σ pⱼ·log(pⱼ/mⱼ)] / (2T).
///
/// With ρ = log(p/q), log(p/m) is log1p(tanh(ρ/2)), which keeps the digits where p is near q, and log 2 − log1p(e^−ρ).
/// A class that is masked in one row has log 2 in the other, and one that is masked in both does not count. So the
/// divergence is finite, at most log 2.
///
/// **Ground.** It is 0 where p = q, and log 2, transcendental, where no class has a probability in both. The
/// derivatives are 0 where q is a multiple of p over the classes of p. Of no other value does a theorem say that it is
/// irrational: the precision is capped.
struct JSDivergence: ExactFunction {
  private let pair: LogitPair
  private let isGradient: Bool
  /// Whether all values are 0.
  private let isZero: Bool

  init(_ input: LossInput, _ options: LossOptions, isGradient: Bool) {
    pair = LogitPair(input, options)
    self.isGradient = isGradient
    isZero = isGradient ? pair.areProportional : pair.areEqual
  }

  var count: Int { isGradient ? pair.count : 1 }
  var ground: Ground {
    isZero || !isGradient && pair.areDisjoint ? .lindemannWeierstrass : .unsettled
  }
  var precisionLoss: Int { pair.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard pair.isFinite else {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    guard !isZero else {
      for index in indices { receive(index, .real(.zero())) }
      return
    }
    let terms = Terms(pair, precision: precision)
    guard isGradient else {
      let sum = terms.divergence().positive()
      return receive(0, .real(HeadAndTail(head: BigFloat(0), tail: sum, denominator: BigFloat(2))))
    }
    let mean = terms.mean()
    let twice = BigFloat.exactProduct(BigFloat(2), BigFloat(pair.p.temperature))
    // Classes of one p/q have one difference, which costs as much as the mean.
    var known: Int?
    var difference = Enclosure(0)
    for index in indices {
      guard pair.p[index].isFinite else {
        receive(index, .real(.zero()))
        continue
      }
      var value = mean.copy()
      value.negate()
      value = .sum(terms.logarithm(index), value, precision: precision)
      if value.signum == nil {
        if known.map({ !pair.haveSameRatio(index, $0) }) ?? true {
          known = index
          difference = terms.differences(index)
        }
        value = difference.copy()
      }
      value.multiply(by: terms.probability(index), precision: precision)
      receive(
        index, .real(HeadAndTail(head: BigFloat(0), tail: value, denominator: twice.copy())))
    }
  }

  /// The probabilities of both rows and the logarithms of their shares in the mean.
  private struct Terms: ~Copyable {
    let pair: LogitPair
    let pSum: LogitRow.Sum
    let qSum: LogitRow.Sum
    /// Ly − Lx.
    let logarithms: Enclosure
    let precision: Int

    init(_ pair: LogitPair, precision: Int) {
      let pSum = pair.p.sum(precision: precision)
      let qSum = pair.q.sum(precision: precision)
      var own = pair.p.logOnePlusOthers(pSum)
      own.negate()
      logarithms = .sum(pair.q.logOnePlusOthers(qSum), own, precision: precision)
      self.pSum = pSum
      self.qSum = qSum
      self.pair = pair
      self.precision = precision
    }

    /// p of a class.
    func probability(_ index: Int) -> Enclosure {
      pair.p.softmax(index, pSum).enclosure(precision: precision)
    }

    /// log(p/m) of a class with a probability in p.
    func logarithm(_ index: Int) -> Enclosure {
      guard pair.q[index].isFinite else { return .logarithmOfTwo(precision: precision) }
      return pair.logRatio(index, logarithms, precision: precision)
        .logarithmOfShare(precision: precision)
    }

    /// Σ p·log(p/m) + Σ q·log(q/m).
    func divergence() -> Enclosure {
      var sum = mean()
      for index in pair.q.logits.indices where pair.q[index].isFinite {
        var term: Enclosure
        if pair.p[index].isFinite {
          term = pair.logRatio(index, logarithms, precision: precision)
          term.negate()
          term = term.logarithmOfShare(precision: precision)
        } else {
          term = .logarithmOfTwo(precision: precision)
        }
        term.multiply(
          by: pair.q.softmax(index, qSum).enclosure(precision: precision), precision: precision)
        sum.add(term)
      }
      return sum
    }

    /// Σ p·log(p/m).
    func mean() -> Enclosure {
      var sum = Enclosure.zero(precision: precision)
      for index in pair.p.logits.indices where pair.p[index].isFinite {
        var term = logarithm(index)
        term.multiply(by: probability(index), precision: precision)
        sum.add(term)
      }
      return sum
    }

    /// The same less Σ p·log(p/m), as Σ pⱼ·(log(pᵢ/mᵢ) − log(pⱼ/mⱼ)) over the classes of which these logarithms
    /// differ, with the greatest exponential taken out: all of them may be below any precision.
    func differences(_ index: Int) -> Enclosure {
      let others = pair.p.logits.indices.filter {
        pair.p[$0].isFinite && !pair.haveSameRatio($0, index)
      }
      let least = pair.least(others.count, precision: precision) {
        difference(index, others[$0]).exponent.copy()
      }
      var sum = Enclosure.zero(precision: precision)
      for other in others {
        let term = difference(index, other)
        var factor = pair.decay(
          .difference(term.exponent, least, precision: precision), precision: precision)
        factor.multiply(by: term.factor, precision: precision)
        sum.add(factor)
      }
      sum.multiply(by: pair.decay(least, precision: precision), precision: precision)
      sum.divide(by: pSum.total, precision: precision)
      return sum
    }

    /// A number f·e^(−E/T).
    private struct Exponential: ~Copyable {
      let exponent: HeadAndTail
      let factor: Enclosure
    }

    /// e^((m − x)/T)·pⱼ·(log(pᵢ/mᵢ) − log(pⱼ/mⱼ)), but for the sum of the row. Where both logarithms are near log 2 it
    /// is log1p(e^−ρⱼ) − log1p(e^−ρᵢ), of which the greater exponential is taken out.
    private func difference(_ index: Int, _ other: Int) -> Exponential {
      var distance = pair.p.distance(other, precision: precision)
      guard isNearLogOfTwo(index), isNearLogOfTwo(other) else {
        var factor = logarithm(other)
        factor.negate()
        return Exponential(
          exponent: distance, factor: .sum(logarithm(index), factor, precision: precision))
      }
      let (isOwn, isOther) = (pair.q[index].isFinite, pair.q[other].isFinite)
      // T·ρ but for the sums of the rows.
      let own = pair.excess(isOwn ? index : other, precision: precision)
      let its = pair.excess(isOther ? other : index, precision: precision)
      let leading = own.isLess(than: its, precision: precision) ? own.copy() : its.copy()
      var factor = Enclosure(0)
      if isOther { factor = .sum(factor, share(other, its, leading), precision: precision) }
      if isOwn {
        var negated = share(index, own, leading)
        negated.negate()
        factor = .sum(factor, negated, precision: precision)
      }
      distance.add(leading, precision: precision)
      return Exponential(exponent: distance, factor: factor)
    }

    private func isNearLogOfTwo(_ index: Int) -> Bool {
      guard pair.q[index].isFinite else { return true }
      return BigFloat(1).isLess(than: pair.logRatio(index, logarithms, precision: precision).lower)
    }

    /// log1p(e^−ρ) over e^(−E/T).
    private func share(
      _ index: Int, _ excess: borrowing HeadAndTail, _ leading: borrowing HeadAndTail
    ) -> Enclosure {
      var power = pair.logRatio(index, logarithms, precision: precision)
      power.negate()
      power.apply(.exponential, precision: precision)
      var quotient = power.logarithmOnePlusShare(precision: precision)
      quotient.multiply(
        by: pair.decay(
          .difference(excess, leading, precision: precision), precision: precision),
        precision: precision)
      var sums = logarithms.copy()
      sums.negate()
      sums.apply(.exponential, precision: precision)
      quotient.multiply(by: sums, precision: precision)
      return quotient
    }
  }
}

extension Enclosure {
  fileprivate static func logarithmOfTwo(precision: Int) -> Enclosure {
    var result = Enclosure(2)
    result.apply(.logarithm, precision: precision)
    return result
  }

  /// log(p/m) of ρ = log(p/q): log(2/(1 + e^−ρ)).
  fileprivate consuming func logarithmOfShare(precision: Int) -> Enclosure {
    let one = BigFloat(1)
    var minusOne = BigFloat(1)
    minusOne.negate()
    var result = copy()
    if upper.isLess(than: one), minusOne.isLess(than: lower) {
      result.scale(byPowerOfTwo: -1)
      result.apply(.hyperbolicTangent, precision: precision)
      result.apply(.logarithmOnePlus, precision: precision)
      return result
    }
    // log1p(e^−ρ) = −ρ + log1p(e^ρ), of which the exponential is small for ρ below 0.
    let isNegative = upper.signum <= 0
    if !isNegative { result.negate() }
    result.apply(.exponential, precision: precision)
    result.apply(.logarithmOnePlus, precision: precision)
    result.negate()
    result = .sum(result, .logarithmOfTwo(precision: precision), precision: precision)
    return isNegative ? .sum(result, self, precision: precision) : result
  }
}
