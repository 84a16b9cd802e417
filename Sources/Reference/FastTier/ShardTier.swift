internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// Certified parts of a loss whose classes are split in shards, in balls that carry their own bounds: the formulas of
/// `ShardPartials` and `MergedCrossEntropy`.
///
/// It leaves undecided: NaN and +∞, masked classes beside options, sums that come to 2²⁴ or to its inverse, a shard alone whose sum is 1 and whose value is
/// no double, and what cancels or lies on a breakpoint.
struct ShardTier {
  private let function: LossFunction
  private let before: BeforeRows
  private let rounding: EnclosureRounding

  /// - Returns: nil for other functions, and for formats that float64 does not hold.
  init?(
    _ function: LossFunction, _ options: LossOptions, from inputFormat: FloatFormat,
    to format: FloatFormat, _ direction: RoundingDirection
  ) {
    guard function.isOfShards, options.areDoubles, inputFormat.isWithinFloat64,
      let rounding = EnclosureRounding(format, direction)
    else { return nil }
    self.function = function
    before = BeforeRows(options)
    self.rounding = rounding
  }

  /// Decides what it can.
  func fill(_ rows: LossRows, _ result: inout CertifiedRows) {
    let (count, outputCount) = (rows.classCount, function.outputCount(classCount: rows.classCount))
    result.write(rounding) { writer in
      rows.logits.doubles.withUnsafeBufferPointer { source in
        rows.gradOutputs.doubles.withUnsafeBufferPointer { beside in
          let capacity = 4 * count + before.scratchCount(count)
          withAlignedScratch(of: Double.self, capacity: capacity) { scratch in
            for row in 0..<rows.count {
              let places = row * count..<(row + 1) * count
              let writer = writer.advanced(by: row * outputCount)
              if function == .shardPartials {
                let label = Int(rows.labels[row])
                if before.isIdentity {
                  let numbers = UnsafeBufferPointer(rebasing: source[places])
                  fillPartials(numbers, label: label, scratch, writer)
                } else if let start = scratch.baseAddress,
                  let row = before.row(
                    RowNumbers(UnsafeBufferPointer(rebasing: source[places])), start)
                {
                  fillPartials(
                    row, count, label: label, label < 0 ? nil : source[places.lowerBound + label],
                    writer)
                }
              } else {
                let numbers = UnsafeBufferPointer(rebasing: source[places])
                let beside = UnsafeBufferPointer(rebasing: beside[rows.gradOutputPlaces(row)])
                if let number = merged(numbers, beside, scratch) { writer.put(number, at: 0) }
              }
            }
          }
        }
      }
    }
  }

  // MARK: - The parts of a shard

  private func fillPartials(
    _ logits: UnsafeBufferPointer<Double>, label: Int,
    _ scratch: UnsafeMutableBufferPointer<Double>, _ writer: CertifiedWriter
  ) {
    var finiteCount = 0
    for logit in logits {
      guard logit < .infinity else { return }
      if logit.isFinite {
        scratch[finiteCount] = logit
        finiteCount += 1
      }
    }
    guard Double(finiteCount) <= lo_greatestClassCount, let start = scratch.baseAddress else {
      return
    }
    put(label < 0 ? -.infinity : logits[label], at: 2, writer)
    guard finiteCount > 1 else {
      put(finiteCount == 0 ? -.infinity : scratch[0], at: 0, writer)
      return put(Double(finiteCount), at: 1, writer)
    }
    let finite = UnsafeBufferPointer(start: start, count: finiteCount)
    guard let row = BallRow(RowNumbers(finite), nil, start + finiteCount) else { return }
    put(finite[row.greatest], at: 0, writer)
    let head = Double(row.maximumCount)
    if row.isConstant { return put(head, at: 1, writer) }
    writer.put(MagnitudeEnclosure(head: LOPair(high: head, low: 0), tail: row.rest), at: 1)
  }

  /// The same of finite logits with options before them.
  ///
  /// - Parameter target: The target's logit as it was given; nil where that is in another shard.
  private func fillPartials(
    _ row: BallRow, _ count: Int, label: Int, _ target: Double?, _ writer: CertifiedWriter
  ) {
    if row.hasCertainMaximum(count) {
      put(row.maximum, at: 0, writer)
      let head = Double(row.maximumCount)
      if row.isConstant {
        put(head, at: 1, writer)
      } else {
        writer.put(MagnitudeEnclosure(head: LOPair(high: head, low: 0), tail: row.rest), at: 1)
      }
    }
    guard let target else { return put(-.infinity, at: 2, writer) }
    put(before.value(target, of: label), at: 2, writer)
  }

  /// A logit over the temperature; 0 is left to MPFR, for its sign.
  private func put(_ logit: Ball, at place: Int, _ writer: CertifiedWriter) {
    let quotient = logit / Ball(before.temperature)
    if quotient.error == 0, quotient.low == 0 {
      if quotient.high != 0 { put(quotient.high, at: place, writer) }
      return
    }
    var number = MagnitudeEnclosure(quotient)
    number?.isRational = before.isRational
    writer.put(number, at: place)
  }

  /// A number that is known, or −∞.
  private func put(_ number: Double, at place: Int, _ writer: CertifiedWriter) {
    if number.isFinite {
      writer.put(MagnitudeEnclosure(exactly: number), at: place)
    } else {
      writer.putLimit(number, at: place)
    }
  }

  // MARK: - Their merge

  /// (M − t) + log1p((A − 1) + R): A the sum of the sums at the greatest maximum M, 1 or more as a rule, and R what the
  /// others add.
  private func merged(
    _ maxima: UnsafeBufferPointer<Double>, _ beside: UnsafeBufferPointer<Double>,
    _ scratch: UnsafeMutableBufferPointer<Double>
  ) -> MagnitudeEnclosure? {
    let count = maxima.count
    guard Double(count) <= lo_greatestClassCount, let start = scratch.baseAddress else {
      return nil
    }
    let (sums, terms) = (start + count, (high: start + 2 * count, low: start + 3 * count))
    var (target, greatest, counted) = (-Double.infinity, -Double.infinity, 0)
    for shard in 0..<count {
      let (maximum, sum, logit) = (maxima[shard], beside[shard], beside[count + shard])
      guard maximum < .infinity, sum < .infinity, logit < .infinity else { return nil }
      target = max(target, logit)
      guard sum != 0, maximum.isFinite else { continue }
      (scratch[counted], sums[counted]) = (maximum, sum)
      greatest = max(greatest, maximum)
      counted += 1
    }
    guard counted > 0, target.isFinite else { return nil }
    lo_wide_exponentials(start, counted, greatest, terms.high, terms.low)
    var (atGreatest, rest, hasOthers) = (Ball(0), Ball(0), false)
    for shard in 0..<counted {
      if scratch[shard] == greatest {
        atGreatest = atGreatest + Ball(sums[shard])
      } else {
        hasOthers = true
        let term = Ball(term: LOPair(high: terms.high[shard], low: terms.low[shard]))
        rest = rest + Ball(sums[shard]) * term
      }
    }
    let isExact = atGreatest.error == 0 && atGreatest.low == 0
    let head = Ball.difference(greatest, target)
    let excess = isExact ? Ball.difference(atGreatest.high, 1) : atGreatest - Ball(1)
    if isExact, atGreatest.high == 1, !hasOthers {
      return head.low == 0 ? MagnitudeEnclosure(sum: head.high) : nil
    }
    guard head.high.isFinite else { return nil }
    let sum = excess + rest
    // The kernel's logarithm is proven of 1 and a positive number up to 2²⁴.
    if isExact, excess.high >= 0, sum.high < 0x1p24 {
      let logarithm = sum.logOnePlus
      return head.high < 0
        ? MagnitudeEnclosure(head + logarithm) : BallRow.enclosed(head: head, tail: logarithm)
    }
    guard sum.high.magnitude > 2 * sum.error else { return nil }
    // log S = −log1p((1 − S)/S) below 1.
    let part = sum.high > 0 ? sum : -sum / (atGreatest + rest)
    guard part.high >= lo_leastWide, part.high < 0x1p24, part.error < part.high else { return nil }
    let logarithm = part.logOnePlus
    return MagnitudeEnclosure(sum.high > 0 ? head + logarithm : head - logarithm)
  }
}
