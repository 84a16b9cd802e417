internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Σ qⱼ·log(qⱼ/pⱼ) of a `LogitPair`, or without log qⱼ: the cross-entropy −Σ qⱼ·log pⱼ of soft labels that are given
/// as logits.
///
/// As −log pⱼ = dⱼ/T + Lx and −log qⱼ = eⱼ/T + Ly, it is Lx − Ly + Σ qⱼ(dⱼ − eⱼ)/T, and with D the mean of d over the k
/// greatest of y, where e = 0,
///
///     D/T + (Lx − Ly) + Σ' qⱼ(dⱼ − eⱼ − D)/T
///
/// over the others; the cross-entropy is that without e and Ly. D is exact, and may be a breakpoint that the rest
/// decides.
///
/// **Limits.** A class without a probability in q does not count, whatever its logit. One that has a probability in q
/// and none in p makes it +∞.
///
/// **Ground.** The divergence is positive but for p = q, where it is 0. No theorem says that it is irrational,
/// nor the cross-entropy, unless one class has all of q and there is no soft cap: then they are the loss of that class.
/// The precision is capped.
struct KLDivergence: ExactScalar {
  private let pair: LogitPair
  private let isCrossEntropy: Bool
  private let isZero: Bool

  init(_ input: LossInput, _ options: LossOptions, isCrossEntropy: Bool) {
    pair = LogitPair(input, options)
    self.isCrossEntropy = isCrossEntropy
    isZero = !isCrossEntropy && pair.areEqual
  }

  var ground: Ground {
    if isZero { return .lindemannWeierstrass }
    let isHard = pair.q.logits.indices.count { pair.q[$0].isFinite } == 1
    return isHard && pair.p.transform.softcap == nil || isCrossEntropy && pair.p.isUniform
      ? .lindemannWeierstrass : .unsettled
  }

  var precisionLoss: Int { pair.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    if let limit = limit { return .limit(limit) }
    if isZero { return .real(.zero()) }
    let (p, q) = (pair.p, pair.q)
    let count = BigFloat(q.maximumCount)
    // k·D.
    var head = HeadAndTail.zero()
    for index in q.logits.indices where q[index].isFinite && !q.isBelowGreatest(index) {
      head.add(p.distance(index, precision: precision), precision: precision)
    }
    let sum = q.sum(precision: precision)
    var tail = Enclosure.zero(precision: precision)
    for index in q.logits.indices where q.isBelowGreatest(index) {
      let factor = factor(index, count, head, precision: precision)
      guard !factor.isZero else { continue }
      var term = q.exponential(index, precision: precision)
      term.multiply(by: factor.enclosure(precision: precision), precision: precision)
      tail.add(term)
    }
    tail.divide(by: sum.total, precision: precision)
    var logarithm = p.logOnePlusOthers(p.sum(precision: precision))
    if !isCrossEntropy {
      var other = q.logOnePlusOthers(sum)
      other.negate()
      logarithm = .sum(logarithm, other, precision: precision)
    }
    let denominator = BigFloat.exactProduct(count, BigFloat(p.temperature))
    logarithm.multiply(by: denominator, precision: precision)
    tail = .sum(tail, logarithm, precision: precision)
    guard head.isRational else {
      tail = .sum(tail, head.tail, precision: precision)
      if head.head.isZero { tail = tail.positive() }
      return .real(HeadAndTail(head: head.head, tail: tail, denominator: denominator))
    }
    if head.head.isZero { tail = tail.positive() }
    if tail.signum == nil, p.maximumCount == (isCrossEntropy ? 1 : q.maximumCount) {
      tail = vanishingTail(head, sum, precision: precision)
    }
    return .real(HeadAndTail(head: head.head, tail: tail, denominator: denominator))
  }

  /// k·(d − e) − k·D of a class, or without e.
  private func factor(
    _ index: Int, _ count: borrowing BigFloat, _ head: borrowing HeadAndTail, precision: Int
  ) -> HeadAndTail {
    var distance: HeadAndTail
    if isCrossEntropy {
      distance = pair.p.distance(index, precision: precision)
    } else {
      distance = pair.excess(index, precision: precision)
      distance.negate()
    }
    distance.multiply(by: count, precision: precision)
    return .difference(distance, head, precision: precision)
  }

  /// The tail where all but the greatest logits may be beyond any precision: as log1p(R/k) is R/k·φ with φ near 1, a
  /// sum of exponentials, of which the greatest is taken out.
  private func vanishingTail(
    _ head: borrowing HeadAndTail, _ qSum: borrowing LogitRow.Sum, precision: Int
  ) -> Enclosure {
    let (p, q) = (pair.p, pair.q)
    let count = BigFloat(q.maximumCount)
    let temperature = BigFloat(p.temperature)
    let ofP = p.logits.indices.filter { p.isBelowGreatest($0) }
    let ofQ = q.logits.indices.filter { q.isBelowGreatest($0) }
    let least = pair.least(ofP.count + ofQ.count, precision: precision) { place in
      place < ofP.count
        ? p.distance(ofP[place], precision: precision)
        : q.distance(ofQ[place - ofP.count], precision: precision)
    }
    var ofRow = p.logarithmShare(p.sum(precision: precision))
    ofRow.multiply(by: temperature, precision: precision)
    if isCrossEntropy { ofRow.multiply(by: count, precision: precision) }
    var sum = Enclosure.zero(precision: precision)
    for index in ofP {
      var power = pair.decay(
        .difference(p.distance(index, precision: precision), least, precision: precision),
        precision: precision)
      power.multiply(by: ofRow, precision: precision)
      sum.add(power)
    }
    var ofTarget = q.logarithmShare(qSum)
    ofTarget.multiply(by: temperature, precision: precision)
    ofTarget.negate()
    for index in ofQ {
      var factor = factor(index, count, head, precision: precision)
        .enclosure(precision: precision)
      factor.divide(by: qSum.total, precision: precision)
      if !isCrossEntropy { factor = .sum(factor, ofTarget, precision: precision) }
      factor.multiply(
        by: pair.decay(
          .difference(q.distance(index, precision: precision), least, precision: precision),
          precision: precision),
        precision: precision)
      sum.add(factor)
    }
    sum.multiply(by: pair.decay(least, precision: precision), precision: precision)
    return sum
  }

  private var limit: LimitValue? {
    let (p, q) = (pair.p, pair.q)
    guard p.kind != .notANumber, p.kind != .empty, q.kind == .finite else { return .notANumber }
    let counted = q.logits.indices.filter { q[$0].isFinite }
    guard p.kind == .finite else {
      // Several logits of +∞ share all of p.
      return counted.contains { p.isPositiveInfinity($0) } ? .notANumber : .positiveInfinity
    }
    return counted.allSatisfy { p[$0].isFinite } ? nil : .positiveInfinity
  }
}

extension LogitRow {
  /// φ = k·log1p(R/k)/R for the rest R of a row, of which the logarithm without a factor k is log k + log1p(R/k).
  fileprivate func logarithmShare(_ sum: borrowing Sum) -> Enclosure {
    var rest = sum.rest.copy()
    rest.divide(by: Enclosure(maximumCount), precision: sum.precision)
    return rest.logarithmOnePlusShare(precision: sum.precision)
  }
}

extension Enclosure {
  /// The enclosure of a number that is known to be positive, or a point.
  consuming func positive() -> Enclosure {
    lower.signum < 0 && !isPoint ? Enclosure(lower: BigFloat(0), upper: upper.copy()) : self
  }
}
