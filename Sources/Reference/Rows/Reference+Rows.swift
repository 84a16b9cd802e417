public import FloatFormats
public import LossFunctions
public import Multiprecision

extension Reference {
  /// The outputs of rows, correctly rounded: the one entry to the oracle. A single input is a row of its
  /// own.
  ///
  /// What arithmetic with a proven bound leaves undecided, and only that, goes to MPFR.
  ///
  /// - Parameters:
  ///   - format: That of the outputs.
  /// - Returns: The values; of rows that no theorem settles and that stay undecided, why.
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: O(n) for n logits, some ten nanoseconds each where a bound decides.
  public func evaluate(
    _ function: LossFunction, _ rows: LossRows, options: LossOptions = LossOptions(),
    in format: FloatFormat, rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> CertifiedRows {
    do {
      try function.validate(rows, options)
    } catch {
      throw .invalidInput(error.error)
    }
    return withStandardArithmetic {
      certified(function, rows, options, in: format, direction)
    }
  }

  /// The outputs of valid rows.
  private func certified(
    _ function: LossFunction, _ rows: LossRows, _ options: LossOptions, in format: FloatFormat,
    _ direction: RoundingDirection
  ) -> CertifiedRows {
    let count = function.hasOutputPerClass ? rows.classCount : 1
    var result = CertifiedRows(format, rowCount: rows.count, outputsPerRow: count)
    let tier =
      usesFastTier
      ? RowsTier(function, options, from: rows.format, to: format, direction) : nil
    tier?.fill(rows, &result)
    if usesFastTier, options.input != .logits {
      ProbabilityTier(function, options, from: rows.format, to: format, direction)?
        .fill(rows, &result)
    }
    if usesFastTier {
      GradientTier(function, options, from: rows.format, to: format, direction)?
        .fill(rows, &result)
    }
    for row in 0..<rows.count {
      let places = row * count..<(row + 1) * count
      guard places.contains(where: { result.residuals[$0].isNaN }) else { continue }
      let pending = (0..<count).filter { result.residuals[places.lowerBound + $0].isNaN }
      result.slowRowCount += 1
      do {
        let exact = function.exact(rows[row], options)
        try Certification.round(exact, pending, to: format, direction) { index, value in
          result.put(value, at: places.lowerBound + index)
        }
      } catch {
        result.leaveUndecided(row, error)
      }
    }
    return result
  }
}
