package import FloatFormats
package import LossFunctions
package import Multiprecision

extension Reference {
  /// The outputs of a batch, correctly rounded: the one value of a reduced loss, or else those of each row,
  /// gradients of a mean among them.
  ///
  /// - Returns: The values; of what no theorem settles and stays undecided, why.
  /// - Throws: `invalidInput`, for the first row that is not one.
  package func evaluate(
    _ function: LossFunction, batch rows: LossRows, reduction: Reduction, options: LossOptions,
    in format: FloatFormat, rounding direction: RoundingDirection = .nearestEven
  ) throws(ReferenceError) -> CertifiedRows {
    guard reduction == .mean || options.denominator == nil else {
      throw .invalidInput(.denominatorWithoutMean)
    }
    if reduction == .none || function.isGradient {
      return reduction == .mean && rows.count > 0
        ? try gradients(
          function, rows, of: MeanParts(options, over: rows), options: options, in: format,
          rounding: direction)
        : try evaluate(function, rows, options: options, in: format, rounding: direction)
    }
    if rows.count > 0,
      let value = try self.reduction(
        reduction, of: function, rows, options: options, in: format, rounding: direction)
    {
      return CertifiedRows([value], in: format)
    }
    var result = CertifiedRows(format, rowCount: 1, outputsPerRow: 1)
    guard let value = try exactReduction(reduction, of: function, rows, options: options) else {
      return result
    }
    do {
      for value in try value.rounded(to: format, direction) { result.put(value, at: 0) }
    } catch {
      result.leaveUndecided(0, error)
    }
    return result
  }

  /// The reduced loss. One row whose loss is infinite, or NaN, decides it: the others count in what a mean divides by.
  private func exactReduction(
    _ reduction: Reduction, of function: LossFunction, _ rows: LossRows, options: LossOptions
  ) throws(ReferenceError) -> ExactValues? {
    if usesFastTier, rows.count > 0, options.partsOfMean.count == 1,
      let row = rowOfLimit(function, rows, options.ofRows)
    {
      let mean = reduction == .mean ? MeanDenominator(rows.denominator(options)) : nil
      return ExactValues(
        BatchReduction(
          rows: [function.exact(rows[row], options)], mean: mean,
          hasZLoss: options.zLoss?.isZero == false))
    }
    let exact = try exact(
      function, batch: (0..<rows.count).map { rows[$0] }, reduction: reduction, options: options)
    return if case .reduced(let value) = exact { value } else { nil }
  }

  /// A row whose loss is NaN, or else one whose loss is infinite.
  private func rowOfLimit(
    _ function: LossFunction, _ rows: LossRows, _ options: LossOptions
  ) -> Int? {
    let enclosed = withStandardArithmetic { enclosedRows(function, rows, options) }
    let limits = (0..<rows.count).filter {
      enclosed.undecided[$0] == nil && !enclosed.isFinite($0)
    }
    return limits.first { enclosed.values[$0].isNaN } ?? limits.last
  }

  /// The sum or the mean of the losses of rows, correctly rounded, where their sum in pairs of doubles decides it.
  ///
  /// - Returns: nil where it does not, or where a loss is not finite; then `exact(_:batch:reduction:options:)` does.
  /// - Throws: `invalidInput`, for the first row that is not one.
  /// - Complexity: That of `evaluate`.
  func reduction(
    _ reduction: Reduction, of function: LossFunction, _ rows: LossRows, options: LossOptions,
    in format: FloatFormat, rounding direction: RoundingDirection
  ) throws(ReferenceError) -> CertifiedValue? {
    guard let total = try total(function, rows, options: options, in: format) else { return nil }
    return value(
      of: total, reduction: reduction, ground: function.groundOfReduction(rows.targetKind, options),
      in: format, rounding: direction)
  }
}
