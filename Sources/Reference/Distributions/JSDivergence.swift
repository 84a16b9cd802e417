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
    let slopes = Slopes(consume terms)
    let twice = BigFloat.exactProduct(BigFloat(2), BigFloat(pair.p.temperature))
    // Classes of one p/q have one difference, which costs as much as the mean.
    var known: Int?
    var difference = Enclosure(0)
    for index in indices {
      guard let shares = slopes.classes[index] else {
        receive(index, .real(.zero()))
        continue
      }
      var value = slopes.mean.copy()
      value.negate()
      value = .sum(shares.logarithm, value, precision: precision)
      if value.signum == nil {
        if known.map({ !pair.haveSameRatio(index, $0) }) ?? true {
          known = index
          difference = slopes.differences(index)
        }
        value = difference.copy()
      }
      value.multiply(by: shares.probability, precision: precision)
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
  }

  /// The classes with a probability in p, with what of each the derivatives by all classes ask for.
  private struct Slopes: ~Copyable {
    let terms: Terms
    /// nil of a class without a probability in p.
    let classes: [Shares?]
    /// Σ p·log(p/m).
    let mean: Enclosure
    /// e^(Lx − Ly).
    private let quotientOfSums: Enclosure
    private let precision: Int
    private var pair: LogitPair { terms.pair }

    init(_ terms: consuming Terms) {
      let precision = terms.precision
      let classes: [Shares?] = terms.pair.p.logits.indices.map {
        terms.pair.p[$0].isFinite ? Shares($0, terms) : nil
      }
      var mean = Enclosure.zero(precision: precision)
      for case let shares? in classes {
        var term = shares.logarithm.copy()
        term.multiply(by: shares.probability, precision: precision)
        mean.add(term)
      }
      var quotient = terms.logarithms.copy()
      quotient.negate()
      quotient.apply(.exponential, precision: precision)
      (self.classes, self.precision) = (classes, precision)
      self.mean = mean
      quotientOfSums = quotient
      self.terms = terms
    }

    /// log(p/m) less its mean, as Σ pⱼ·(log(pᵢ/mᵢ) − log(pⱼ/mⱼ)) over the classes of which these logarithms
    /// differ, with the greatest exponential taken out: all of them may be below any precision.
    func differences(_ index: Int) -> Enclosure {
      var sum = Enclosure.zero(precision: precision)
      guard let own = classes[index] else { return sum }
      let others = pair.p.logits.indices.filter {
        classes[$0] != nil && !pair.haveSameRatio($0, index)
      }
      let least = pair.least(others.count, precision: precision) { place in
        classes[others[place]].map { exponent(own, $0) } ?? .zero()
      }
      for other in others {
        guard let its = classes[other] else { continue }
        var factor = pair.decay(
          .difference(exponent(own, its), least, precision: precision), precision: precision)
        factor.multiply(by: self.factor(own, its), precision: precision)
        sum.add(factor)
      }
      sum.multiply(by: pair.decay(least, precision: precision), precision: precision)
      sum.divide(by: terms.pSum.total, precision: precision)
      return sum
    }

    /// E of e^((m − x)/T)·pⱼ·(log(pᵢ/mᵢ) − log(pⱼ/mⱼ)) = f·e^(−E/T), but for the sum of the row. Where both logarithms
    /// are near log 2 it is log1p(e^−ρⱼ) − log1p(e^−ρᵢ), of which the greater exponential is taken out.
    private func exponent(_ own: Shares, _ its: Shares) -> HeadAndTail {
      var distance = pair.p.distance(its.index, precision: precision)
      if own.isNearLogOfTwo, its.isNearLogOfTwo {
        distance.add(leading(own, its), precision: precision)
      }
      return distance
    }

    /// f of the same.
    private func factor(_ own: Shares, _ its: Shares) -> Enclosure {
      guard own.isNearLogOfTwo, its.isNearLogOfTwo else {
        var negated = its.logarithm.copy()
        negated.negate()
        return .sum(own.logarithm, negated, precision: precision)
      }
      let leading = leading(own, its)
      var factor = Enclosure(0)
      if its.isInBoth { factor = .sum(factor, share(its, leading), precision: precision) }
      if own.isInBoth {
        var negated = share(own, leading)
        negated.negate()
        factor = .sum(factor, negated, precision: precision)
      }
      return factor
    }

    /// The lesser of the excesses T·ρ but for the sums of the rows.
    private func leading(_ own: Shares, _ its: Shares) -> HeadAndTail {
      let first = pair.excess(own.isInBoth ? own.index : its.index, precision: precision)
      let second = pair.excess(its.isInBoth ? its.index : own.index, precision: precision)
      return first.isLess(than: second, precision: precision) ? first : second
    }

    /// log1p(e^−ρ) over e^(−E/T).
    private func share(_ shares: Shares, _ leading: borrowing HeadAndTail) -> Enclosure {
      let excess = pair.excess(shares.index, precision: precision)
      var quotient = shares.quotient.copy()
      quotient.multiply(
        by: pair.decay(
          .difference(excess, leading, precision: precision), precision: precision),
        precision: precision)
      quotient.multiply(by: quotientOfSums, precision: precision)
      return quotient
    }
  }

  /// A class with a probability in p.
  private final class Shares {
    let index: Int
    /// Whether it has one in q, too.
    let isInBoth: Bool
    /// log(p/m).
    let logarithm: Enclosure
    let probability: Enclosure
    let isNearLogOfTwo: Bool
    /// log1p(e^−ρ)/e^−ρ of a class in both, where the logarithm is near log 2.
    let quotient: Enclosure

    init(_ index: Int, _ terms: borrowing Terms) {
      let (pair, precision) = (terms.pair, terms.precision)
      self.index = index
      isInBoth = pair.q[index].isFinite
      logarithm = terms.logarithm(index)
      probability = terms.probability(index)
      var power = Enclosure(0)
      var isNear = true
      if isInBoth {
        power = pair.logRatio(index, terms.logarithms, precision: precision)
        isNear = BigFloat(1).isLess(than: power.lower)
      }
      isNearLogOfTwo = isNear
      guard isInBoth, isNear else {
        quotient = Enclosure(1)
        return
      }
      power.negate()
      power.apply(.exponential, precision: precision)
      quotient = power.logarithmOnePlusShare(precision: precision)
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
