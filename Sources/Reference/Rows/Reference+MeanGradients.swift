internal import FastKernels
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

extension Reference {
  /// The gradients of the rows by the mean of their losses, correctly rounded: those of the rows, over what
  /// the mean divides by.
  ///
  /// In formats of at most 24 bits the gradients in float64 decide most: what is within 2⁻⁵³ of itself is
  /// within 2⁻⁵¹ after a rounded division by a rounded sum of weights. The rest, and only that, goes to MPFR.
  ///
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: That of `evaluate`, and some nanoseconds for each output.
  func gradientsOfMean(
    _ function: LossFunction, _ rows: LossRows, options: LossOptions, in format: FloatFormat,
    rounding direction: RoundingDirection
  ) throws(ReferenceError) -> CertifiedRows {
    let count = function.hasOutputPerClass ? rows.classCount : 1
    var result = CertifiedRows(format, rowCount: rows.count, outputsPerRow: count)
    try validate(function, rows, options)
    if usesFastTier, format.precision <= 24,
      let rounding = EnclosureRounding(format, direction)
    {
      let gradients = try evaluate(function, rows, options: options, in: .float64)
      withStandardArithmetic {
        let divisor = rows.meanDenominator(options).double
        guard 0x1p-60...0x1p60 ~= divisor else { return }
        result.write(rounding) { $0.putQuotients(of: gradients, by: divisor) }
      }
    }
    var mean: MeanDenominator?
    result.decideRest(direction) { row in
      let exact = function.exact(rows[row], options)
      guard !(exact is IgnoredRow) else { return exact }
      let denominator = mean ?? MeanDenominator((0..<rows.count).map { rows[$0] }, options)
      mean = denominator
      return ScaledByMean(row: exact, mean: denominator)
    }
    return result
  }
}

extension CertifiedWriter {
  /// Writes the quotients of values in float64 that decide them.
  fileprivate func putQuotients(of gradients: CertifiedRows, by divisor: Double) {
    for (place, value) in gradients.values.doubles.enumerated() {
      guard gradients.residuals[place].isFinite else { continue }
      let quotient = value / divisor
      if value == 0, gradients[place].ground == .rational {
        put(MagnitudeEnclosure(exactly: 0), at: place)
      } else if quotient.magnitude < 0x1p-800 {
        // Its error may be as great as itself; to formats of 24 bits it is nothing all the same.
        put(.vanishing(isNegative: value.sign == .minus), at: place)
      } else {
        let pair = LOPair(high: quotient, low: 0)
        put(MagnitudeEnclosure(Ball(pair, error: quotient.magnitude * 0x1p-51)), at: place)
      }
    }
  }
}

extension LossRows {
  /// What a mean over the rows divides by: see `MeanDenominator`.
  func meanDenominator(_ options: LossOptions) -> BigFloat {
    guard targetKind == .index else { return BigFloat(count) }
    var counts: [Int32: Int] = [:]
    for label in labels where Int(label) != options.ignoreIndex { counts[label, default: 0] += 1 }
    guard let weights = options.classWeights else { return BigFloat(counts.values.reduce(0, +)) }
    var total = BigFloat(0)
    for (label, count) in counts.sorted(by: { $0.key < $1.key }) {
      let share = BigFloat.exactProduct(BigFloat(weights[Int(label)]), BigFloat(count))
      total = .exactSum(total, share)
    }
    return total
  }
}
