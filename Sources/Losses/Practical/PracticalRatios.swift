/// What practical forms of divergences need of two rows: log(qᵢ/pᵢ) for each class, in parts that do not cancel.
///
/// With g the greatest class of the target, δᵢ = (yᵢ − y_g) − (xᵢ − x_g), c its mean under q and η = δ − c:
///
///     log(qᵢ/pᵢ) = ηᵢ + K,   K = log Σ qᵢ·e^(−ηᵢ) = log1p(Σ qᵢ·φ(ηᵢ)),   φ(η) = e^(−η) − 1 + η ≥ 0
///
/// for Σ q·η = 0. A sum of terms of one sign: rows that are nearly equal, whose φ is η²/2, keep their digits. c is
/// rounded, so that Σ q·η is a residue r, and K = log1p(Σ q·φ − r). Rows that are unlike have
/// log(q/p) = [(yᵢ − max y) − (xᵢ − max x)] + (log1p(S_x) − log1p(S_y)), whose last difference is of numbers of at most log n.
struct PracticalRatios<T: LossNumber> {
  let target: PracticalWeights<T>
  /// Σ q·log(q/p).
  let divergence: T
  /// What differs from class to class in log(q/p), and what all have.
  private let parts: [Word]
  private let offset: T

  /// A number as its rounded sum and what the rounding lost.
  typealias Word = (sum: T, error: T)

  /// - Returns: nil for rows whose greatest logit is infinite or NaN.
  @inline(never)
  init?(_ x: [T], _ y: [T]) {
    let row = x.withUnsafeBufferPointer { PracticalRow($0) }
    let target = PracticalWeights(y)
    self.target = target
    guard row.isFinite, target.row.isFinite else { return nil }
    let distances = Self.differences(x, row.maximum, y, target.row.maximum)
    let behind = row.logarithm - target.row.logarithm
    let centred = CentredRatios(x, y, target)
    // K is off by some u of Σ q·φ + Σ q·|η|, the other difference by as many of its logarithms.
    if let centred,
      centred.excess + centred.meanSpread < T.maximum(row.logarithm, target.row.logarithm)
    {
      (parts, offset) = (centred.spreads, T.log(onePlus: centred.excess - centred.residue))
    } else {
      (parts, offset) = (distances, behind)
    }
    if zip(x, y).contains(where: { $0 == -.infinity && $1 > -.infinity }) {
      divergence = .infinity
    } else if let centred, centred.excess < 0x400 {
      let (excess, residue) = (centred.excess, centred.residue)
      divergence = T.log(onePlus: excess) + residue * (excess / (1 + excess))
    } else if let centred {
      // log Σ e^(x − x_g) + c is a difference where p has another class: exactly, then what is rounded.
      let lead = twoSum(row.maximum, -x[target.row.greatest])
      let head = twoSum(lead.sum, centred.centre)
      divergence = head.sum + (head.error + (lead.error + (behind + centred.residue)))
    } else {
      divergence = Self.distantDivergence(x, row.maximum, y, target) + behind
    }
  }

  /// log(qᵢ/pᵢ).
  @inline(never)
  func logarithm(_ index: Int) -> T {
    let (sum, error) = twoSum(parts[index].sum, offset)
    return sum.isFinite ? sum + (error + parts[index].error) : sum
  }

  /// Σ q·[(yᵢ − max y) − (xᵢ − max x)], where differences or their sum would overflow and the mean need not: of parts.
  @inline(never)
  private static func distantDivergence(
    _ x: [T], _ maximum: T, _ y: [T], _ target: PracticalWeights<T>
  ) -> T {
    var part: T = 1
    while true {
      let differences = differences(
        x.map { $0 / part }, maximum / part, y.map { $0 / part }, target.row.maximum / part)
      let mean = target.mean(differences.map(\.sum))
      if mean.isFinite || part > 0x1000 { return part * mean }
      part = part * 4
    }
  }

  /// (yᵢ − y₀) − (xᵢ − x₀); 0 for a class that is masked in both.
  @inline(never)
  static func differences(_ x: [T], _ x0: T, _ y: [T], _ y0: T) -> [Word] {
    zip(x, y).map { x, y in
      let (a, b) = (twoSum(x, -x0), twoSum(y, -y0))
      let difference = twoSum(b.sum, -a.sum)
      if difference.sum.isNaN { return (0, 0) }
      return difference.sum.isFinite
        ? twoSum(difference.sum, difference.error + (b.error - a.error)) : (difference.sum, 0)
    }
  }
}

/// η, and what is made of it.
private struct CentredRatios<T: LossNumber> {
  /// η, as sum + error.
  let spreads: [PracticalRatios<T>.Word]
  /// c.
  let centre: T
  /// Σ q·φ(η), Σ q·η and Σ q·|η|.
  let excess: T
  let residue: T
  let meanSpread: T

  /// - Returns: nil where a difference overflows, and where a class is masked in `x` alone.
  @inline(never)
  init?(_ x: [T], _ y: [T], _ target: PracticalWeights<T>) {
    let greatest = target.row.greatest
    let differences = PracticalRatios.differences(x, x[greatest], y, y[greatest])
    let centre = target.mean(differences.map(\.sum))
    guard centre.isFinite else { return nil }
    let spreads = differences.map { difference -> PracticalRatios<T>.Word in
      let (sum, error) = twoSum(difference.sum, -centre)
      return sum.isFinite ? twoSum(sum, error + difference.error) : (sum, 0)
    }
    let terms = spreads.indices.map { index -> T in
      let (eta, error) = spreads[index]
      guard eta < -3 else {
        let (remainder, slope) = Self.remainder(eta)
        return target.term(index, remainder + slope * error)
      }
      // q·e^(−η) is e^(x − x_g + c), whatever is left of q.
      let distance = twoSum(x[index], -x[greatest])
      let power = twoSum(distance.sum, centre)
      let term = T.exp(power.sum)
      let linear = target.isAbsent(index) ? 0 : target.term(index, eta + error - 1)
      return target.row.one * (term + correction(term, power.error + distance.error)) + linear
    }
    (self.spreads, self.centre) = (spreads, centre)
    excess = target.mean(ofSum: compensatedSum(terms))
    residue = target.mean(spreads.map(\.sum))
    meanSpread = target.mean(spreads.map(\.sum.magnitude))
    guard residue.isFinite, !excess.isNaN else { return nil }
  }

  /// φ(η) and its slope, 1 − e^(−η): Taylor's sum for |η| ≤ 1, whose first term left out is below u/8.
  @inline(never)
  private static func remainder(_ eta: T) -> (value: T, slope: T) {
    guard eta.magnitude <= 1 else {
      let power = T.expMinusOne(-eta)
      return (power + eta, -power)
    }
    var sum: T = 1
    for k in stride(from: T.ulpOfOne * 0x4000_0000 > 1 ? 11 : 18, through: 3, by: -1) {
      sum = 1 - eta * sum / T(k)
    }
    let value = eta * eta / 2 * sum
    return (value, eta - value)
  }
}
