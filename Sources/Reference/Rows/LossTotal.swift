package import FloatFormats
package import LossFunctions
package import Multiprecision

/// The sum of the losses of some rows, enclosed, and what a mean over them divides by. Those of parts of a batch add up.
package struct LossTotal: Sendable {
  /// One for each part of the loss that has a denominator of its own.
  private(set) var sums: [Ball]
  private(set) var denominators: [[(weight: FloatValue, count: Int)]]

  /// Adds the total of rows that follow.
  package mutating func add(_ other: LossTotal) {
    for part in sums.indices {
      sums[part] = sums[part] + other.sums[part]
      denominators[part] += other.denominators[part]
    }
  }
}

extension LossTotal {
  fileprivate init(_ sums: [Ball], _ denominators: [[(weight: FloatValue, count: Int)]]) {
    (self.sums, self.denominators) = (sums, denominators)
  }
}

extension Reference {
  /// The total of rows.
  ///
  /// - Returns: nil where a loss is not finite, or not decided.
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: That of `evaluate`.
  package func total(
    _ function: LossFunction, _ rows: LossRows, options: LossOptions, in format: FloatFormat
  ) throws(ReferenceError) -> LossTotal? {
    try validate(function, rows, options)
    let parts = options.partsOfMean
    let sums = withStandardArithmetic {
      parts.map { part -> Ball? in
        if usesFastTier,
          let plain = PlainLossSum(
            function, part, classCount: rows.classCount, from: rows.format, to: format),
          let sum = plain.sum(rows)
        {
          return sum
        }
        if usesFastTier,
          let sum = BinaryLossSum(function, part, from: rows.format, to: format)?.sum(rows)
        {
          return sum
        }
        if usesFastTier, rows.targetKind == .index, format.precision > 24,
          let wide = WideLossSum(function, part, classCount: rows.classCount, from: rows.format),
          let sum = rows.logits.doubles.withUnsafeBufferPointer({ logits in
            rows.labels.withUnsafeBufferPointer { wide.sum(logits, $0) }
          })
        {
          return sum
        }
        if usesFastTier, rows.targetKind == .probabilities, format.precision > 24,
          let wide = WideBinaryLossSum(function, part, from: rows.format),
          let sum = rows.logits.doubles.withUnsafeBufferPointer({ logits in
            rows.probabilities.doubles.withUnsafeBufferPointer { wide.sum(logits, $0) }
          })
        {
          return sum
        }
        return enclosedRows(function, rows, part.ofRows).sum
      }
    }
    let bounded = sums.compactMap(\.self)
    guard bounded.count == parts.count else { return nil }
    return LossTotal(bounded, parts.map(rows.denominator))
  }

  /// The same of rows in memory, in float32.
  ///
  /// - Returns: nil also where other ways have to be tried, and where a label is no class.
  package func total(
    _ function: LossFunction, logits: UnsafeBufferPointer<Float>, classCount: Int, labels: [Int32],
    options: LossOptions, in format: FloatFormat
  ) -> LossTotal? {
    guard logits.count == labels.count * classCount else { return nil }
    return total(options, labels: labels, rowCount: labels.count, valueCount: logits.count) {
      part in
      labels.withUnsafeBufferPointer {
        PlainLossSum(function, part, classCount: classCount, from: .float32, to: format)?
          .sum(logits, $0)
      }
    }
  }

  /// The same of the binary loss, with numbers as targets.
  package func total(
    _ function: LossFunction, logits: UnsafeBufferPointer<Float>,
    targets: UnsafeBufferPointer<Float>, options: LossOptions, in format: FloatFormat
  ) -> LossTotal? {
    total(options, labels: nil, rowCount: logits.count, valueCount: logits.count) {
      BinaryLossSum(function, $0, from: .float32, to: format)?.sum(logits, targets)
    }
  }

  /// The same in float64.
  package func total(
    _ function: LossFunction, logits: UnsafeBufferPointer<Double>, classCount: Int,
    labels: [Int32], options: LossOptions
  ) -> LossTotal? {
    total(options, labels: labels, rowCount: labels.count, valueCount: logits.count) { part in
      labels.withUnsafeBufferPointer {
        WideLossSum(function, part, classCount: classCount, from: .float64)?.sum(logits, $0)
      }
    }
  }

  /// The same of the binary loss in float64, with numbers as targets.
  package func total(
    _ function: LossFunction, logits: UnsafeBufferPointer<Double>,
    targets: UnsafeBufferPointer<Double>, options: LossOptions
  ) -> LossTotal? {
    total(options, labels: nil, rowCount: logits.count, valueCount: logits.count) {
      WideBinaryLossSum(function, $0, from: .float64)?.sum(logits, targets)
    }
  }

  /// The total of rows whose losses have one denominator, by what sums them.
  func total(
    _ options: LossOptions, labels: [Int32]?, rowCount: Int, valueCount: Int,
    _ sum: (LossOptions) -> Ball?
  ) -> LossTotal? {
    let parts = options.partsOfMean
    guard usesFastTier, parts.count == 1,
      let sum = withStandardArithmetic({ sum(parts[0]) })
    else { return nil }
    return LossTotal(
      [sum], [parts[0].denominator(labels: labels, rowCount: rowCount, valueCount: valueCount)])
  }

  /// The sum or the mean that a total is of, correctly rounded.
  ///
  /// - Returns: nil where it does not decide that.
  package func value(
    of total: LossTotal, reduction: Reduction, ground: Ground, in format: FloatFormat,
    rounding direction: RoundingDirection
  ) -> CertifiedValue? {
    let decided = try? withExactArithmetic { () throws(ReferenceError) -> CertifiedValue? in
      var lower = BigFloat(precision: Self.sumPrecision)
      var upper = BigFloat(precision: Self.sumPrecision)
      lower.assign(BigFloat(0), rounding: .nearestEven)
      upper.assign(BigFloat(0), rounding: .nearestEven)
      for (sum, weights) in zip(total.sums, total.denominators) {
        guard sum.high.isFinite, sum.error.isFinite else { return nil }
        let mean = MeanDenominator(reduction == .mean ? weights : [(weight: .one, count: 1)])
        guard !mean.total.value.isZero, !mean.total.value.isNaN else { return nil }
        // A little more than the error, so that no sum lies on an end.
        let error = sum.error.nextUp
        var least = BigFloat(precision: Self.sumPrecision)
        var greatest = BigFloat(precision: Self.sumPrecision)
        least.assign(BigFloat(FloatValue(sum.high)), rounding: .down)
        greatest.assign(BigFloat(FloatValue(sum.high)), rounding: .up)
        for number in [sum.low, -error] { least.add(BigFloat(FloatValue(number)), rounding: .down) }
        for number in [sum.low, error] { greatest.add(BigFloat(FloatValue(number)), rounding: .up) }
        var below = BigFloat(precision: Self.sumPrecision)
        var above = BigFloat(precision: Self.sumPrecision)
        below.assignQuotient(least, mean.total.value, rounding: .down)
        above.assignQuotient(greatest, mean.total.value, rounding: .up)
        lower.add(below, rounding: .down)
        upper.add(above, rounding: .up)
      }
      let attempt = Certification.Attempt(
        precision: CertifiedRows.fastPrecision, ground: ground, rationalBitCount: nil)
      return CertifiedValue(
        Enclosure(lower: lower, upper: upper), format: format, direction, attempt: attempt)
    }
    return decided ?? nil
  }

  private static var sumPrecision: Int { 128 }
}

extension LossFunction {
  /// Why a reduction is no breakpoint.
  package func groundOfReduction(_ kind: TargetKind, _ options: LossOptions) -> Ground {
    options.partsOfMean.count == 1 ? ground(of: kind, options) : .unsettled
  }
}

extension CertifiedRows {
  /// The sum of the exact values, enclosed; nil where one is not finite, or not decided.
  var sum: Ball? {
    guard undecided.isEmpty, residuals.allSatisfy(\.isFinite) else { return nil }
    var (high, low, error, size) = (0.0, 0.0, 0.0, 0.0)
    for ball in enclosures {
      // What the sum loses is kept, by D. Knuth; of a rest below 2⁻⁵¹ of all numbers three roundings lose at most
      // 2⁻¹⁰² of them.
      let sum = high + ball.high
      let part = sum - high
      let rest = ((high - (sum - part)) + (ball.high - part)) + (low + ball.low)
      high = sum + rest
      low = rest - (high - sum)
      error += ball.error
      size += ball.high.magnitude
    }
    let bound = error * (1 + 0x1p-20) + size * Double(enclosures.count) * 0x1p-101 + 0x1p-960
    return high.isFinite && bound.isFinite ? Ball(.sum(high, low), error: bound) : nil
  }
}
