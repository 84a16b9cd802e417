internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// (pᵢ − qᵢ)/T of a `LogitPair`: the derivative of the Kullback–Leibler divergence, and of the cross-entropy with the
/// soft labels q, by each logit.
///
/// **Ground.** With a_j = (xⱼ − xᵢ)/T and b_j = (yⱼ − yᵢ)/T it is 1/Σ e^a − 1/Σ e^b. An algebraic value v of that is a
/// relation Σ e^b − Σ e^a = v·Σ e^a·Σ e^b between exponentials of rational numbers, which by Lindemann and Weierstrass
/// holds for every temperature. For great ones v is 1/n − 1/n' of the numbers of finite logits. Where these are
/// equal it is 0, and the numbers a are then those of b in another order. Where they differ, neither of the two sums
/// can grow or shrink with the temperature beside the product of both: all finite logits of each row are equal. Under a
/// soft cap the exponents are no rational numbers, and the precision is capped.
///
/// Where the difference of two probabilities has no certain sign, it is pᵢqᵢ·(Σ e^b − Σ e^a), with what both sums have
/// in common left out, and the greatest of the rest taken out of the sum.
struct KLDivergenceGradient: ExactFunction {
  private let pair: LogitPair
  private let isZero: Bool

  init(_ input: LossInput, _ options: LossOptions) {
    pair = LogitPair(input, options)
    isZero = pair.areEqual
  }

  var count: Int { pair.count }
  var ground: Ground { pair.p.transform.ground }
  var precisionLoss: Int { pair.precisionLoss }
  /// What two rows that are made for it leave beside an exact head may be below any precision.
  var greatestPrecision: Int { ground == .unsettled ? Certification.precisionCap : 1 << 14 }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard !isZero else {
      for index in indices { receive(index, .real(.zero())) }
      return
    }
    let (p, q) = (pair.p, pair.q)
    guard pair.isFinite else {
      for index in indices { receive(index, limit(index, precision: precision)) }
      return
    }
    let pSum = p.sum(precision: precision)
    let qSum = q.sum(precision: precision)
    var terms: CommonTerms?
    for index in indices {
      let own = p.softmax(index, pSum)
      let other = q.softmax(index, qSum)
      var number = difference(own, other, precision: precision)
      guard number.tail.signum == nil else {
        receive(index, .real(number))
        continue
      }
      guard number.head.isZero else {
        let divisor = BigFloat.exactProduct(
          BigFloat(own.divisor), BigFloat(other.divisor))
        number.tail = vanishingTail(
          index, own.head, other.head, pSum, qSum, precision: precision)
        number.tail.multiply(by: divisor, precision: precision)
        receive(index, .real(number))
        continue
      }
      let known = terms ?? CommonTerms(pair)
      terms = known
      receive(index, .real(known.difference(index, pSum, qSum, precision: precision)))
    }
  }

  /// What is left of the difference beside an exact head of one of them: 1/k less Σ e^−d/(k·Z) over the logits below the
  /// greatest, and e^−d/Z, with the greatest exponential taken out.
  private func vanishingTail(
    _ index: Int, _ pHead: Int, _ qHead: Int, _ pSum: borrowing LogitRow.Sum,
    _ qSum: borrowing LogitRow.Sum, precision: Int
  ) -> Enclosure {
    let (p, q) = (pair.p, pair.q)
    func classes(_ row: LogitRow, _ head: Int) -> [Int] {
      if head == 1 { return row.logits.indices.filter { row.isBelowGreatest($0) } }
      return row[index].isFinite ? [index] : []
    }
    let terms = classes(p, pHead).map { ($0, true) } + classes(q, qHead).map { ($0, false) }
    func distance(_ term: (Int, Bool)) -> HeadAndTail {
      (term.1 ? p : q).distance(term.0, precision: precision)
    }
    let least = pair.least(terms.count, precision: precision) { distance(terms[$0]) }
    var sum = Enclosure.zero(precision: precision)
    for term in terms {
      var power = pair.decay(
        .difference(distance(term), least, precision: precision), precision: precision)
      let head = term.1 ? pHead : qHead
      if term.1 {
        power.divide(by: pSum.total, precision: precision)
      } else {
        power.divide(by: qSum.total, precision: precision)
      }
      if head == 1 {
        power.divide(by: Enclosure((term.1 ? p : q).maximumCount), precision: precision)
      }
      if (head == 1) == term.1 { power.negate() }
      sum.add(power)
    }
    sum.multiply(by: pair.decay(least, precision: precision), precision: precision)
    return sum
  }

  private func difference(
    _ p: borrowing SoftmaxEntry, _ q: borrowing SoftmaxEntry, precision: Int
  ) -> HeadAndTail {
    let pDivisor = BigFloat(p.divisor)
    let qDivisor = BigFloat(q.divisor)
    let head = BigFloat.exactDifference(
      .exactProduct(BigFloat(p.head), qDivisor), .exactProduct(BigFloat(q.head), pDivisor))
    let divisor = BigFloat.exactProduct(pDivisor, qDivisor)
    var tail = q.offset.copy()
    tail.negate()
    tail = .sum(p.offset, tail, precision: precision)
    tail.multiply(by: divisor, precision: precision)
    return HeadAndTail(
      head: head, tail: tail,
      denominator: .exactProduct(divisor, BigFloat(pair.p.temperature)))
  }

  /// Where a row is all masked, or has several logits of +∞, whose shares have no limit.
  private func limit(_ index: Int, precision: Int) -> ExactEntry {
    func share(_ row: LogitRow) -> SoftmaxEntry? {
      row.kind == .finite
        ? row.softmax(index, row.sum(precision: precision)) : row.softmaxLimit(index)
    }
    guard let p = share(pair.p), let q = share(pair.q) else { return .limit(.notANumber) }
    return .real(difference(p, q, precision: precision))
  }
}

/// The finite logits of both rows, by falling size, for differences of probabilities of which little is left.
private struct CommonTerms {
  private let pair: LogitPair
  private let ofP: [Int]
  private let ofQ: [Int]

  init(_ pair: LogitPair) {
    func order(_ row: LogitRow) -> [Int] {
      row.logits.indices.filter { row[$0].isFinite }.sorted { row[$1].isLess(than: row[$0]) }
    }
    self.pair = pair
    (ofP, ofQ) = (order(pair.p), order(pair.q))
  }

  /// A term that stands in one of the sums alone: the class, and whether it is one of q.
  private typealias Term = (index: Int, isOfQ: Bool)

  /// The terms of one class's sums that the other has not, by falling size.
  private func others(_ index: Int) -> [Term] {
    let (p, q) = (pair.p, pair.q)
    let (pOwn, qOwn) = (p[index], q[index])
    var (i, j) = (0, 0)
    var terms: [Term] = []
    while i < ofP.count || j < ofQ.count {
      guard i < ofP.count else {
        terms.append((ofQ[j], true))
        j += 1
        continue
      }
      guard j < ofQ.count else {
        terms.append((ofP[i], false))
        i += 1
        continue
      }
      let (a, b) = (p[ofP[i]], q[ofQ[j]])
      if TransformedLogit.haveSameDifference(a, pOwn, b, qOwn) {
        (i, j) = (i + 1, j + 1)
      } else if Self.difference(a, pOwn).isLess(than: Self.difference(b, qOwn), precision: 1 << 10)
      {
        terms.append((ofQ[j], true))
        j += 1
      } else {
        terms.append((ofP[i], false))
        i += 1
      }
    }
    return terms
  }

  /// The difference of two logits, to so many bits that the order of terms is that of their size but by rare chance: any
  /// order will do.
  private static func difference(_ a: TransformedLogit, _ b: TransformedLogit) -> HeadAndTail {
    a.distance(to: b, precision: 1 << 10)
  }

  /// (pᵢ − qᵢ)/T of a class that is finite in both rows.
  func difference(
    _ index: Int, _ pSum: borrowing LogitRow.Sum, _ qSum: borrowing LogitRow.Sum, precision: Int
  ) -> HeadAndTail {
    let terms = others(index)
    guard let first = terms.first else { return .zero() }
    let (p, q) = (pair.p, pair.q)
    /// −a or −b, times T.
    func exponent(_ term: Term) -> HeadAndTail {
      let row = term.isOfQ ? q : p
      return row[index].distance(to: row[term.index], precision: precision)
    }
    let leading = exponent(first)
    let temperature = BigFloat(p.temperature)
    var sum = Enclosure.zero(precision: precision)
    for term in terms {
      var power = pair.decay(
        .difference(exponent(term), leading, precision: precision), precision: precision)
      if !term.isOfQ { power.negate() }
      sum.add(power)
    }
    // pᵢ·e^a is the probability of the class that a belongs to.
    sum.multiply(
      by: p.exponential(first.isOfQ ? index : first.index, precision: precision),
      precision: precision)
    sum.multiply(
      by: q.exponential(first.isOfQ ? first.index : index, precision: precision),
      precision: precision)
    sum.divide(by: pSum.total, precision: precision)
    sum.divide(by: qSum.total, precision: precision)
    return HeadAndTail(head: BigFloat(0), tail: sum, denominator: temperature)
  }
}
