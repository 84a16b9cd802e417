internal import Multiprecision

// The two logarithms that losses of probabilities are made of.
//
// They end Ziv's loop by the theorem of Hermite and Lindemann: log a is transcendental for every algebraic
// a > 0 other than 1. So −log p is irrational for every rational p in (0, 1), and so is each sum
// Σ cᵢ·(−log pᵢ) with rational cᵢ > 0, the logarithm of Π pᵢ^−cᵢ > 1.

extension HeadAndTail {
  /// −log p for p in (0, 1].
  ///
  /// From 1/2 on 1 − p is exact and the value is −log(1 − d) of it.
  static func negatedLogarithm(of p: borrowing BigFloat, precision: Int) -> HeadAndTail {
    guard p.isLess(than: BigFloat(isNegative: false, significand: 1, exponent: -1)) else {
      return negatedLogarithm(
        ofOneMinus: .exactDifference(BigFloat(1), p), precision: precision)
    }
    var tail = Enclosure(p)
    tail.apply(.logarithm, precision: precision)
    tail.negate()
    return HeadAndTail(head: BigFloat(0), tail: tail)
  }

  /// −log(1 − d) for d in [0, 1).
  ///
  /// Up to 1/2 it is d + r with r = d²/2 + d³/3 + …: d is a number of the format, or next to one, and r may
  /// lie thousands of binades below it, so that d has to be the head.
  static func negatedLogarithm(ofOneMinus d: borrowing BigFloat, precision: Int) -> HeadAndTail {
    guard let exponent = d.binaryExponent else { return .zero() }
    let half = BigFloat(isNegative: false, significand: 1, exponent: -1)
    guard !half.isLess(than: d) else {
      return negatedLogarithm(of: .exactDifference(BigFloat(1), d), precision: precision)
    }
    return HeadAndTail(
      head: d.copy(), tail: rest(d, isSmall: exponent < -64, exponent, precision: precision))
  }

  private static func rest(
    _ d: borrowing BigFloat, isSmall: Bool, _ exponent: Int, precision: Int
  ) -> Enclosure {
    guard isSmall else {
      // The difference takes off as many bits as d has zeros, at most 64, and r another as many.
      let bitCount = precision + 2 * max(-exponent, 0) + 2
      var negated = d.copy()
      negated.negate()
      var result = Enclosure(negated)
      result.apply(.logarithmOnePlus, precision: bitCount)
      result.negate()
      result.add(negated, precision: bitCount)
      return result
    }
    // So many terms that what is left out, less than the next power of d, is below 2^−precision of r.
    let count = precision / (-exponent - 1) + 2
    var power = Enclosure(d)
    var sum = Enclosure.zero(precision: precision)
    for k in 2...count {
      power.multiply(by: d, precision: precision)
      var term = power.copy()
      term.divide(by: Enclosure(k), precision: precision)
      sum.add(term)
    }
    power.multiply(by: d, precision: precision)
    var upper = sum.upper.copy()
    upper.add(power.upper, rounding: .up)
    return Enclosure(lower: sum.lower.copy(), upper: upper)
  }
}

extension Enclosure {
  /// −log(1 − e^l) for l < 0, positive also where e^l has underflowed.
  ///
  /// Irrational for every rational l: else e^l + e^r = 1, against Lindemann and Weierstrass.
  static func negatedLogarithm(ofOneMinusExponentialOf l: borrowing BigFloat, precision: Int)
    -> Enclosure
  {
    var result = Enclosure(l)
    // Where e^l is small, 1 − e^l is near 1, and the logarithm is to have the digits of e^l.
    if l.isLess(than: BigFloat(-1)) {
      result.apply(.exponential, precision: precision)
      result.negate()
      result.apply(.logarithmOnePlus, precision: precision)
    } else {
      result.apply(.exponentialMinusOne, precision: precision)
      result.negate()
      result.apply(.logarithm, precision: precision)
    }
    result.negate()
    return result
  }
}
