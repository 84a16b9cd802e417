internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Two rows of logits over one temperature: x with p = softmax(x/T), and those of the target, y with q = softmax(y/T),
/// both what `LogitTransform` makes of the logits.
///
/// Of each row, m is the greatest logit and d = m − x, e = m − y the distances to it, and Lx, Ly = log1p(S) what the
/// others add to log Σ e^((x − m)/T).
struct LogitPair {
  let p: LogitRow
  let q: LogitRow

  init(_ input: LossInput, _ options: LossOptions) {
    p = LogitRow(limitOf: input.logits, options)
    q = LogitRow(limitOf: input.target.numbers ?? [], options)
  }

  var count: Int { p.logits.count }
  var precisionLoss: Int { max(p.precisionLoss, q.precisionLoss) }

  /// Whether both distributions exist.
  var isFinite: Bool { p.kind == .finite && q.kind == .finite }

  /// Whether p = q: the same classes are finite, and x − y is the same in all of them.
  var areEqual: Bool {
    isFinite
      && p.logits.indices.allSatisfy { p[$0].isFinite == q[$0].isFinite }
      && p.logits.indices.allSatisfy { index in
        !p[index].isFinite
          || TransformedLogit.haveSameDifference(p.maximum, p[index], q.maximum, q[index])
      }
  }

  /// Whether no class has a probability in both.
  var areDisjoint: Bool {
    isFinite && !p.logits.indices.contains { p[$0].isFinite && q[$0].isFinite }
  }

  /// Whether q is a multiple of p, of which 0 is one, over the classes that have a probability in p.
  var areProportional: Bool {
    guard isFinite, let first = p.logits.indices.first(where: { p[$0].isFinite }) else {
      return false
    }
    return p.logits.indices.allSatisfy { !p[$0].isFinite || haveSameRatio($0, first) }
  }

  /// Whether p/q is known to be the same for two classes that are finite in p.
  func haveSameRatio(_ index: Int, _ other: Int) -> Bool {
    guard q[index].isFinite, q[other].isFinite else {
      return q[index].isFinite == q[other].isFinite
    }
    return TransformedLogit.haveSameDifference(p[index], p[other], q[index], q[other])
  }

  /// e − d of a class that is finite in both.
  func excess(_ index: Int, precision: Int) -> HeadAndTail {
    if TransformedLogit.haveSameDifference(p.maximum, p[index], q.maximum, q[index]) {
      return .zero()
    }
    return .difference(
      q.distance(index, precision: precision), p.distance(index, precision: precision),
      precision: precision)
  }

  /// log(pᵢ/qᵢ) = (eᵢ − dᵢ)/T + (Ly − Lx) of a class that is finite in both.
  func logRatio(
    _ index: Int, _ logarithms: borrowing Enclosure, precision: Int
  ) -> Enclosure {
    var difference = excess(index, precision: precision)
    difference.denominator = BigFloat(p.temperature)
    return .sum(difference.enclosure(precision: precision), logarithms, precision: precision)
  }

  /// e^(−E/T).
  func decay(_ exponent: borrowing HeadAndTail, precision: Int) -> Enclosure {
    p.decay(exponent, precision: precision)
  }

  /// The least of so many exponents, which is taken out of a sum of exponentials that may all be below any precision;
  /// 0 of none.
  func least(_ count: Int, precision: Int, _ exponent: (Int) -> HeadAndTail) -> HeadAndTail {
    var least = HeadAndTail.zero()
    for place in 0..<count {
      let exponent = exponent(place)
      if place == 0 || exponent.isLess(than: least, precision: precision) {
        least = exponent.copy()
      }
    }
    return least
  }
}

extension Enclosure {
  /// log1p(x)/x of x ≥ 0. Of what has underflowed log1p is the number itself, and next to nothing less.
  borrowing func logarithmOnePlusShare(precision: Int) -> Enclosure {
    if lower.isZero {
      if isPoint { return Enclosure(1) }
      var below = BigFloat(1).rounded(precision: precision, .down)
      below.moveDown()
      return Enclosure(lower: below, upper: BigFloat(1))
    }
    var result = copy()
    result.apply(.logarithmOnePlus, precision: precision)
    result.divide(by: self, precision: precision)
    return result
  }
}
