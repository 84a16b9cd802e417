internal import FastKernels

/// Rows over the temperature 1 whose logits are so near to each other that all but the first order of what their
/// functions are made of is nothing, as rows of subnormal logits are; where the first order is a tie, the sign of the
/// second one decides.
///
/// Let d and e be the distances of p and q from their greatest logits, all below ε, with a = d − mean d,
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
///
/// **Beside far classes.** Where only n leading classes are so near, and each of the others has distances above 500 in
/// both rows, P = e^−d and Q = e^−e of these count in the first order: with g, h, and n those of the leading ones, the
/// functions of these are (hᵢ + S/n)/nc with
///
///     Σ (Q − P)              of the first function,
///     Σ −2·P·log(2P/(P + Q)) of the second.
///
/// All that is small, ε and the sums of K ≤ 2²⁴ numbers P and Q, is below 2⁻⁵⁵⁹, and the second order of ρ and log(p/m)
/// of a leading class below 2⁻¹¹¹⁴, as is that of their means. For a far one log(p/m) is within 2⁻⁵⁵⁵ of
/// log(2P/(P + Q)), and of what it is less that of a leading class; P times that is below 2⁻¹²⁰⁰. So what is left out
/// comes to less than 2⁻¹¹⁰⁸.
struct FlatRows {
  /// The numbers g, or d, in units of 2^`unitExponent`.
  private let numbers: [Ball]
  private let sum: Ball
  /// The numbers d, and e of a pair, in the same.
  private let distances: [Ball]
  private let others: [Ball]?
  /// S, in the same.
  private let far: Ball
  /// c and s.
  private let divisor: Double
  private let curvature: Double
  private let scale: Scale

  /// How near logits are to each other.
  struct Scale {
    /// ε: above all distances.
    let limit: Double
    /// The binary exponent of the least number u.
    let leastExponent: Int
    /// Above the second order of ties, in units of u.
    let secondOrder: Double

    /// For any rows. Distances of ties are below 2⁵³u, so that 4ε² is below 2⁻⁹⁶⁰u, and 2¹⁴ε³ below 2⁻⁹⁰⁰u².
    static let float64 = Scale(
      limit: 0x1p-560, leastExponent: Double.leastNonzeroMagnitude.exponent, secondOrder: 0x1p-960)

    /// For formats whose least numbers are no less than that of float32, of inputs and values: 4ε² is below 2⁻⁷⁴u, and
    /// 2¹⁴ε³, 2⁻³²⁵, below u²/4n³ for n ≤ 128. What is below 2ε² is next to nothing.
    static let float32 = Scale(
      limit: 0x1p-113, leastExponent: Double(Float.leastNonzeroMagnitude).exponent,
      secondOrder: 0x1p-74)
  }

  /// In these the products of subnormal numbers are none.
  private static let unitExponent = -500

  /// - Parameters:
  ///   - q: The second row of a pair.
  ///   - isOfMean: Whether the function is the second one, of log(p/m).
  ///   - classes: The classes that are near each other: all, or the leading ones beside far ones.
  ///   - far: S of the far ones, in units of 2^`Ball.farExponent`.
  /// - Returns: nil where a distance is not below the limit.
  init?(
    _ p: BallRow, _ q: BallRow? = nil, isOfMean: Bool = false, classes: some Collection<Int>,
    _ scale: Scale, beside far: Ball = Ball(0)
  ) {
    guard classes.allSatisfy({ Self.isNear(p, q, $0, scale) }) else { return nil }
    let distances = classes.map { Self.inUnits(p.distance($0)) }
    let others = q.map { q in classes.map { Self.inUnits(q.distance($0)) } }
    (self.distances, self.others, self.scale) = (distances, others, scale)
    numbers = others.map { zip($0, distances).map { $0 - $1 } } ?? distances
    sum = numbers.reduce(Ball(0), +)
    (divisor, curvature) = q == nil ? (1, 0) : isOfMean ? (4, 0.25) : (1, 0.5)
    // Far above the doubles' least number still.
    let unit = Double(sign: .plus, exponent: Ball.farExponent - Self.unitExponent, significand: 1)
    self.far = Ball(
      LOPair(high: far.high * unit, low: far.low * unit),
      error: far.isZero ? 0 : far.error * unit + 0x1p-608)
  }

  /// The leading classes, where these are not all and the others are far.
  static func leading(_ p: BallRow, _ q: BallRow, count: Int) -> [Int]? {
    var classes: [Int] = []
    for index in 0..<count {
      if isNear(p, q, index, .float64) {
        classes.append(index)
      } else {
        let (d, e) = (p.distance(index), q.distance(index))
        guard d.high - d.error > 500, e.high - e.error > 500 else { return nil }
      }
    }
    return classes.isEmpty || classes.count == count ? nil : classes
  }

  private static func isNear(
    _ p: BallRow, _ q: BallRow?, _ index: Int, _ scale: Scale
  ) -> Bool {
    func isNear(_ distance: Ball) -> Bool {
      distance.high < scale.limit && distance.error == 0
    }
    return isNear(p.distance(index)) && q.map { isNear($0.distance(index)) } ?? true
  }

  /// Exactly: below the limit the product does not overflow, and a distance of the doubles is no less than 2⁻¹⁰⁷⁴.
  private static func inUnits(_ distance: Ball) -> Ball {
    let scale = Double(sign: .plus, exponent: -unitExponent, significand: 1)
    return Ball(LOPair(high: distance.high * scale, low: distance.low * scale), error: 0)
  }

  /// (hᵢ + S/n)/nc times a factor, of the class at a place among these; nil where its sign is not certain.
  func slope(_ place: Int, times factor: Ball = Ball(1)) -> MagnitudeEnclosure? {
    let count = Ball(Double(numbers.count))
    var slope = (count * numbers[place] - sum + far) / (count * count * Ball(divisor))
    slope.error += 4 * (scale.limit * 0x1p500) * scale.limit
    var number = MagnitudeEnclosure(slope * factor)
    number?.exponent = Self.unitExponent
    return number
  }

  // MARK: - Ties

  /// The value of rows of subnormal logits, where hᵢ/nc is a multiple of half the least number of the doubles, and so
  /// may be a tie or 0: that, and the side on which the second order leaves the value. nil elsewhere, and where the
  /// second order is 0 as well.
  ///
  /// With u the least number, n³(mean w − wᵢ) is a multiple of u²/4, above 2¹⁴ε³ (see `Scale`): where the second order
  /// is not 0, those beyond it do not change its sign.
  func tie(_ index: Int) -> MagnitudeEnclosure? {
    let count = distances.count
    // So that no product of integers overflows.
    guard far.isZero, count <= 128, let d = integers(distances),
      let e = integers(others ?? distances)
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
    return MagnitudeEnclosure(
      besides: Double(halves.magnitude) / 2, within: scale.secondOrder,
      exponent: scale.leastExponent,
      isAbove: (second.high < 0) == (halves < 0), isNegative: halves < 0)
  }

  /// Distances in units of the least number; nil where one is above 2⁵³ of them.
  private func integers(_ distances: [Ball]) -> [Int]? {
    let unit = Double(
      sign: .plus, exponent: Self.unitExponent - scale.leastExponent, significand: 1)
    guard distances.allSatisfy({ $0.high * unit <= 0x1p53 && $0.low == 0 }) else { return nil }
    return distances.map { Int($0.high * unit) }
  }
}

extension Ball {
  /// An integer below 2⁶³.
  fileprivate init(_ integer: Int) {
    let high = Double(integer)
    self.init(LOPair(high: high, low: Double(integer - Int(high))), error: 0)
  }
}
