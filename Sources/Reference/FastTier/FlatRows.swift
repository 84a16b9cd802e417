internal import FastKernels

/// Rows over the temperature 1 whose logits are so near to each other that all but the first order of what their
/// functions are made of is nothing, as rows of subnormal logits are.
///
/// With ε < 2⁻⁵⁶⁰ above all distances d from the greatest logit, e^−d is 1 − d to within ε²/2, so that
///
///     pᵢ = (1 − dᵢ + mean d)/n   to within 2ε²/n,
///     log(pᵢ/mᵢ) = ρᵢ/2          to within ε²/2, for the mean m of p and q and ρ = log(p/q), at most 2ε,
///
/// and with g = e − d, of the distances e of a second row q,
///
///     pᵢ − qᵢ                              = (gᵢ − mean g)/n,
///     ½ pᵢ·(log(pᵢ/mᵢ) − Σ pⱼ·log(pⱼ/mⱼ))  = (gᵢ − mean g)/4n,
///     pᵢ·(dᵢ − Σ pⱼdⱼ)                     = (dᵢ − mean d)/n,
///
/// each to within 4ε²/n. The divergences of p and q are below 2ε² (W. Hoeffding's lemma, of log(p/q)).
struct FlatRows {
  /// The numbers g, or d, over `unit`.
  private let numbers: [Ball]
  private let sum: Ball

  /// Above all distances.
  private static let limit = 0x1p-560
  /// What the pairs are kept in units of, so that the products of subnormal numbers are none.
  private static let unitExponent = -500

  /// - Parameter second: The second row of a pair.
  /// - Returns: nil where a distance is not below the limit.
  init?(_ first: BallRow, minus second: BallRow? = nil, count: Int) {
    func isFlat(_ row: BallRow) -> Bool {
      (0..<count).allSatisfy { row.distance($0).high < Self.limit && row.distance($0).error == 0 }
    }
    guard isFlat(first), second.map(isFlat) ?? true else { return nil }
    numbers = (0..<count).map {
      let own = Self.inUnits(first.distance($0))
      return own - Self.inUnits(second?.distance($0) ?? Ball(0))
    }
    sum = numbers.reduce(Ball(0), +)
  }

  /// Exactly: below the limit the product does not overflow, and a distance of the doubles is no less than 2⁻¹⁰⁷⁴.
  private static func inUnits(_ distance: Ball) -> Ball {
    let scale = Double(sign: .plus, exponent: -unitExponent, significand: 1)
    return Ball(LOPair(high: distance.high * scale, low: distance.low * scale), error: 0)
  }

  /// (gᵢ − mean g)/n times a factor; nil where its sign is not certain.
  func slope(_ index: Int, times factor: Ball = Ball(1)) -> MagnitudeEnclosure? {
    let count = Ball(Double(numbers.count))
    var slope = (count * numbers[index] - sum) / (count * count)
    slope.error += 4 * (Self.limit * 0x1p500) * Self.limit
    var number = MagnitudeEnclosure(slope * factor)
    number?.exponent = Self.unitExponent
    return number
  }
}
