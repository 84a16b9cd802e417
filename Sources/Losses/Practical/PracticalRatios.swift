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
  /// What differs from class to class in log(q/p), as rounded sums and what the rounding lost, and what all have.
  private let parts: Words
  private let offset: T

  /// A number as its rounded sum and what the rounding lost.
  typealias Word = (sum: T, error: T)
  typealias Words = (sums: RowRoom<T>.Column, errors: RowRoom<T>.Column)

  /// The columns that are asked for: the last three are of use for others then, and the first two for their sums.
  static var columnCount: Int { 6 }

  /// - Returns: nil for rows whose greatest logit is infinite or NaN.
  @inline(never)
  init?(_ x: UnsafeBufferPointer<T>, _ y: UnsafeBufferPointer<T>, _ room: RowRoom<T>) {
    let row = PracticalRow(x)
    let target = PracticalWeights(y, halves: room[2], scratch: room)
    self.target = target
    guard row.isFinite, target.row.isFinite else { return nil }
    let behind = row.logarithm - target.row.logarithm
    parts = (room[3], room[4])
    let centred = CentredRatios(x, y, target, parts, series: room[5])
    // K is off by some u of Σ q·φ + Σ q·|η|, the other difference by as many of its logarithms.
    if let centred,
      centred.excess + centred.meanSpread < T.maximum(row.logarithm, target.row.logarithm)
    {
      offset = T.log(onePlus: centred.excess - centred.residue)
    } else {
      Self.fillDifferences(x, row.maximum, y, target.row.maximum, parts)
      offset = behind
    }
    if x.indices.contains(where: { x[$0] == -.infinity && y[$0] > -.infinity }) {
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
    let (sum, error) = twoSum(parts.sums[index], offset)
    return sum.isFinite ? sum + (error + parts.errors[index]) : sum
  }

  /// Σ q·[(yᵢ − max y) − (xᵢ − max x)], where differences or their sum would overflow and the mean need not: of parts.
  @inline(never)
  private static func distantDivergence(
    _ x: UnsafeBufferPointer<T>, _ maximum: T, _ y: UnsafeBufferPointer<T>,
    _ target: PracticalWeights<T>
  ) -> T {
    var part: T = 1
    while true {
      let mean = target.mean {
        difference(x[$0] / part, maximum / part, y[$0] / part, target.row.maximum / part).sum
      }
      if mean.isFinite || part > 0x1000 { return part * mean }
      part = part * 4
    }
  }

  /// (yᵢ − y₀) − (xᵢ − x₀) of each class.
  static func fillDifferences(
    _ x: UnsafeBufferPointer<T>, _ x0: T, _ y: UnsafeBufferPointer<T>, _ y0: T, _ words: Words
  ) {
    for index in x.indices {
      (words.sums[index], words.errors[index]) = difference(x[index], x0, y[index], y0)
    }
  }

  /// (y − y₀) − (x − x₀); 0 for a class that is masked in both.
  @inline(never)
  private static func difference(_ x: T, _ x0: T, _ y: T, _ y0: T) -> Word {
    let (a, b) = (twoSum(x, -x0), twoSum(y, -y0))
    let difference = twoSum(b.sum, -a.sum)
    if difference.sum.isNaN { return (0, 0) }
    return difference.sum.isFinite
      ? twoSum(difference.sum, difference.error + (b.error - a.error)) : (difference.sum, 0)
  }
}

/// What is made of η, which is put where there is room for it, as sum + error.
private struct CentredRatios<T: LossNumber> {
  /// c.
  let centre: T
  /// Σ q·φ(η), Σ q·η and Σ q·|η|.
  let excess: T
  let residue: T
  let meanSpread: T

  /// - Parameter series: Room for a number of each class.
  /// - Returns: nil where a difference overflows, and where a class is masked in `x` alone.
  @inline(never)
  init?(
    _ x: UnsafeBufferPointer<T>, _ y: UnsafeBufferPointer<T>, _ target: PracticalWeights<T>,
    _ spreads: PracticalRatios<T>.Words, series: RowRoom<T>.Column
  ) {
    let greatest = target.row.greatest
    let (sums, errors) = spreads
    PracticalRatios.fillDifferences(x, x[greatest], y, y[greatest], spreads)
    let centre = target.mean { sums[$0] }
    guard centre.isFinite else { return nil }
    for index in x.indices {
      let (sum, error) = twoSum(sums[index], -centre)
      (sums[index], errors[index]) =
        sum.isFinite ? twoSum(sum, error + errors[index]) : (sum, 0)
    }
    Self.fillSeries(of: sums, series)
    let sum = target.sum { index in
      let (eta, error) = (sums[index], errors[index])
      guard eta < -3 else {
        let (remainder, slope) = Self.remainder(eta, series[index])
        return target.term(index, remainder + slope * error)
      }
      // q·e^(−η) is e^(x − x_g + c), whatever is left of q.
      let distance = twoSum(x[index], -x[greatest])
      let power = twoSum(distance.sum, centre)
      let term = T.exp(power.sum)
      let linear = target.isAbsent(index) ? 0 : target.term(index, eta + error - 1)
      return target.row.one * (term + correction(term, power.error + distance.error)) + linear
    }
    self.centre = centre
    excess = target.mean(ofSum: sum)
    residue = target.mean { sums[$0] }
    meanSpread = target.mean { sums[$0].magnitude }
    guard residue.isFinite, !excess.isNaN else { return nil }
  }

  /// φ(η) and its slope, 1 − e^(−η): Taylor's sum for |η| ≤ 1, whose first term left out is below u/8.
  @inline(never)
  private static func remainder(_ eta: T, _ series: T) -> (value: T, slope: T) {
    guard eta.magnitude <= 1 else {
      let power = T.expMinusOne(-eta)
      return (power + eta, -power)
    }
    let value = eta * eta / 2 * series
    return (value, eta - value)
  }

  /// 2φ(η)/η² of each class, by Taylor's sum: all in step, for each division waits for the one before.
  @inline(never)
  private static func fillSeries(of spreads: RowRoom<T>.Column, _ series: RowRoom<T>.Column) {
    for index in spreads.indices { series[index] = 1 }
    for k in stride(from: T.ulpOfOne * 0x4000_0000 > 1 ? 11 : 18, through: 3, by: -1) {
      let divisor = T(k)
      for index in spreads.indices {
        series[index] = 1 - spreads[index] * series[index] / divisor
      }
    }
  }
}
