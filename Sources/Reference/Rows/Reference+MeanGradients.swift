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
    let parts = options.partsOfMean.map { ($0, MeanDenominator(rows.denominator($0))) }
    if usesFastTier, format.precision <= 24, parts.count == 1,
      let rounding = EnclosureRounding(format, direction)
    {
      let gradients = try evaluate(function, rows, options: options.ofRows, in: .float64)
      withStandardArithmetic {
        let divisor = parts[0].1.total.value.double
        guard 0x1p-60...0x1p60 ~= divisor else { return }
        result.write(rounding) { $0.putQuotients(of: gradients, by: divisor) }
      }
    }
    result.decideRest(direction) { function.exact(rows[$0], parts) }
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

extension LossOptions {
  /// Those of a row, of which no mean is taken.
  var ofRows: LossOptions {
    var options = self
    options.denominator = nil
    return options
  }
}
