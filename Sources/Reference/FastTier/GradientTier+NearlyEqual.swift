internal import FastKernels

extension GradientTier {
  /// Writes what is left of gᵢ − G·pᵢ for nearly equal logits, whose head may be a breakpoint and whose tail is next to
  /// nothing:
  ///
  ///     (gᵢ − G/n) − G·Σⱼ(Eᵢ − Eⱼ)/(nZ)   with E = e^−d − 1 and Z the sum of e^−d.
  func fillNearlyEqual(
    _ row: BallRow, _ g: RowNumbers, _ count: Int, _ total: Ball,
    _ writer: CertifiedWriter
  ) {
    guard isPlain, (0..<count).contains(where: writer.isUndecided),
      (0..<count).allSatisfy({ row.distance($0).high < 0x1p-10 })
    else { return }
    let losses = (0..<count).map { PowerSeries.expMinusOne(-row.distance($0)) ?? .unknown }
    let sum = losses.reduce(Ball(0), +)
    let flat = FlatRows(row, classes: 0..<count, .float64)
    for index in 0..<count where writer.isUndecided(at: index) {
      guard let head = Self.head(g, index) else { continue }
      if row.isConstant {
        var number = MagnitudeEnclosure(Ball(head, error: 0)) ?? MagnitudeEnclosure(exactly: 0)
        (number.error, number.isRational) = (0, true)
        writer.put(number, at: index)
        continue
      }
      let multiple = Ball(Double(count))
      var tail = -total * (multiple * losses[index] - sum) / (multiple * row.total)
      var isNegative = tail.high < 0
      if !tail.hasSign {
        guard let slope = flat?.slope(index, times: total) else { continue }
        if head.high == 0 {
          writer.put(slope, at: index)
          continue
        }
        isNegative = slope.isNegative
        tail = Ball(LOPair(high: 0, low: 0), error: tail.greatestMagnitude)
      } else if head.high == 0 {
        writer.put(MagnitudeEnclosure(tail), at: index)
        continue
      }
      let magnitude = head.high < 0 ? -head : head
      let isOfHead = isNegative == (head.high < 0)
      writer.put(
        isOfHead
          ? MagnitudeEnclosure(head: magnitude, tail: tail.magnitude, isNegative: isNegative)
          : MagnitudeEnclosure(
            head: magnitude, lessTail: tail.greatestMagnitude, isNegative: head.high < 0),
        at: index)
    }
  }

  /// gᵢ − G/n, where that is a pair of doubles.
  private static func head(_ g: RowNumbers, _ index: Int) -> LOPair? {
    let count = Double(g.count)
    let product = count * g[index]
    var sum: LOPair? = LOPair(high: product, low: (-product).addingProduct(count, g[index]))
    for other in 0..<g.count { sum = sum?.exactSum(-g[other]) }
    guard let sum, sum.high.isFinite, sum.high == 0 || sum.high.magnitude > 0x1p-800 else {
      return nil
    }
    // Both remainders are exact; the last one has to be 0.
    let high = sum.high / count
    let rest = LOPair.sum(sum.high.addingProduct(-high, count), sum.low)
    let low = rest.high / count
    guard rest.low == 0, rest.high.addingProduct(-low, count) == 0 else { return nil }
    return .fastSum(high, low)
  }
}

extension LOPair {
  /// The sum with a number, where that is a pair of doubles.
  fileprivate func exactSum(_ number: Double) -> LOPair? {
    let heads = LOPair.sum(high, number)
    let tails = LOPair.sum(heads.low, low)
    guard tails.low == 0 else { return nil }
    return LOPair.sum(heads.high, tails.high)
  }
}
