internal import FastKernels

/// Rows over the temperature 1 whose logits are so near to each other that all but the first order of what their
/// functions are made of is nothing, as rows of subnormal logits are; where the first order is a tie, the sign of the
/// second one decides.
///
/// Let d and e be the distances of p and q from their greatest logits, all below ε < 2⁻⁵⁶⁰, with a = d − mean d,
/// g = e − d and h = g − mean g. The functions are, in orders of ε,
///
///     (hᵢ + mean w − wᵢ + …)/nc,   w = h·(a + s·h),
///
///     pᵢ − qᵢ                              c = 1, s = ½
///     ½ pᵢ·(log(pᵢ/mᵢ) − Σ pⱼ·log(pⱼ/mⱼ))  c = 4, s = ¼
///     pᵢ·(dᵢ − Σ pⱼdⱼ)                     c = 1, s = 0, with d for g
///
/// for log p is −log n − a − ½ mean a² to within terms of the third order, log q the same of b = a + h, and log(p/m), m
/// the mean of p and q, ½ρ − ⅛ρ² of ρ = log(p/q). The divergences of p and q are below 2ε² (W. Hoeffding's lemma, of ρ).
///
/// **What is left out.** Put zd and ze for d and e, of any complex z with |z|·ε ≤ 1/16. Then each e^(−zd) is within
/// 0.065 of 1, so that |p| < 1.15/n, |ρ| < 0.26 and |log(p/m)| < 0.17: the functions are analytic in z, and below 2.3/nc.
/// By Cauchy's estimate the term of order k is below 2.3·(16ε)^k/nc, and all from the third on below 2¹⁴ε³/nc. The
/// second one is below 4ε²/n, for w is a² of the third function, (b² − a²)/2 of the first, and h·(a + h/4) of the
/// second, where c is 4, of |a|, |b| ≤ ε and |h| ≤ 2ε.
struct FlatRows {
  /// The numbers g, or d, in units of 2^`unitExponent`.
  private let numbers: [Ball]
  private let sum: Ball
  /// The numbers d, and e of a pair, in the same.
  private let distances: [Ball]
  private let others: [Ball]?
  /// c and s.
  private let divisor: Double
  private let curvature: Double

  /// Above all distances.
  private static let limit = 0x1p-560
  /// In these the products of subnormal numbers are none.
  private static let unitExponent = -500

  /// - Parameters:
  ///   - q: The second row of a pair.
  ///   - isOfMean: Whether the function is the second one, of log(p/m).
  /// - Returns: nil where a distance is not below the limit.
  init?(_ p: BallRow, _ q: BallRow? = nil, isOfMean: Bool = false, count: Int) {
    func isFlat(_ row: BallRow) -> Bool {
      (0..<count).allSatisfy { row.distance($0).high < Self.limit && row.distance($0).error == 0 }
    }
    guard isFlat(p), q.map(isFlat) ?? true else { return nil }
    let distances = (0..<count).map { Self.inUnits(p.distance($0)) }
    let others = q.map { q in (0..<count).map { Self.inUnits(q.distance($0)) } }
    (self.distances, self.others) = (distances, others)
    numbers = others.map { zip($0, distances).map { $0 - $1 } } ?? distances
    sum = numbers.reduce(Ball(0), +)
    (divisor, curvature) = q == nil ? (1, 0) : isOfMean ? (4, 0.25) : (1, 0.5)
  }

  /// Exactly: below the limit the product does not overflow, and a distance of the doubles is no less than 2⁻¹⁰⁷⁴.
  private static func inUnits(_ distance: Ball) -> Ball {
    let scale = Double(sign: .plus, exponent: -unitExponent, significand: 1)
    return Ball(LOPair(high: distance.high * scale, low: distance.low * scale), error: 0)
  }

  /// hᵢ/nc times a factor; nil where its sign is not certain.
  func slope(_ index: Int, times factor: Ball = Ball(1)) -> MagnitudeEnclosure? {
    let count = Ball(Double(numbers.count))
    var slope = (count * numbers[index] - sum) / (count * count * Ball(divisor))
    slope.error += 4 * (Self.limit * 0x1p500) * Self.limit
    var number = MagnitudeEnclosure(slope * factor)
    number?.exponent = Self.unitExponent
    return number
  }

  // MARK: - Ties

  /// The value of rows of subnormal logits, where hᵢ/nc is a multiple of half the least number of the doubles, and so
  /// may be a tie or 0: that, and the side on which the second order leaves the value. nil elsewhere, and where the
  /// second order is 0 as well.
  ///
  /// With u the least number, n³(mean w − wᵢ) is a multiple of u²/4, and 2¹⁴ε³ below 2⁻⁹⁰⁰u²: where the second order is
  /// not 0, those beyond it do not change its sign.
  func tie(_ index: Int) -> MagnitudeEnclosure? {
    let count = distances.count
    // So that no product of integers overflows.
    guard count <= 128, let d = Self.integers(distances),
      let e = Self.integers(others ?? distances)
    else { return nil }
    let g = others == nil ? d : zip(e, d).map { $0 - $1 }
    let (ownSum, numberSum) = (d.reduce(0, +), g.reduce(0, +))
    let slope = count * g[index] - numberSum
    let (halves, rest) = (2 * slope).quotientAndRemainder(
      dividingBy: count * count * Int(divisor))
    guard rest == 0 else { return nil }
    // n²w.
    func product(_ place: Int) -> Ball {
      let h = Ball(count * g[place] - numberSum)
      return h * (Ball(count * d[place] - ownSum) + Ball(curvature) * h)
    }
    let all = (0..<count).reduce(Ball(0)) { $0 + product($1) }
    let second = all - Ball(Double(count)) * product(index)
    guard second.hasSign else { return nil }
    if halves == 0 { return .vanishing(isNegative: second.high < 0) }
    // 4ε² is below 2⁻⁹⁶⁰u.
    return MagnitudeEnclosure(
      besides: Double(halves.magnitude) / 2, within: 0x1p-960, exponent: Self.leastExponent,
      isAbove: (second.high < 0) == (halves < 0), isNegative: halves < 0)
  }

  private static let leastExponent = Double.leastNonzeroMagnitude.exponent

  /// Distances in units of the least number; nil where one is above 2⁵³ of them.
  private static func integers(_ distances: [Ball]) -> [Int]? {
    let scale = Double(sign: .plus, exponent: unitExponent - leastExponent, significand: 1)
    guard distances.allSatisfy({ $0.high * scale <= 0x1p53 && $0.low == 0 }) else { return nil }
    return distances.map { Int($0.high * scale) }
  }
}

extension Ball {
  /// An integer below 2⁶³.
  fileprivate init(_ integer: Int) {
    let high = Double(integer)
    self.init(LOPair(high: high, low: Double(integer - Int(high))), error: 0)
  }
}
