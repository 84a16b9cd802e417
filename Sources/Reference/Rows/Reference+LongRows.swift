package import FloatFormats
package import LossFunctions
package import Multiprecision

extension Reference {
  /// Rows of more classes are read and written where they lie, in O(1) memory.
  package static let longRowClassCount = 1 << 14

  /// Fills the values of a row of logits that are not decided yet, where balls decide them: those of `evaluate`, without
  /// a copy of the row.
  ///
  /// - Parameters:
  ///   - values: Its values, NaN where they are not decided.
  ///   - inputFormat: That of the row's numbers.
  ///   - mean: The mean that they are the gradients of.
  /// - Returns: Whether all are decided; also not where the row is none of the function's.
  /// - Complexity: O(n) time, O(1) memory.
  package func fill(
    _ values: ValueMemory, _ function: LossFunction, longRow row: RowView, options: LossOptions,
    of mean: MeanParts? = nil, from inputFormat: FloatFormat, in format: FloatFormat,
    rounding direction: RoundingDirection
  ) -> Bool {
    guard usesFastTier, isValid(row, function, options) else { return false }
    return withStandardArithmetic {
      fillLongRow(values, function, row, options, mean, from: inputFormat, in: format, direction)
    }
  }

  private func isValid(_ row: RowView, _ function: LossFunction, _ options: LossOptions) -> Bool {
    guard !function.isOfShards, !function.isBinary, options.input == .logits else { return false }
    do throws(InputError) {
      try function.validateShape(
        classCount: row.count, targetKind: row.targetKind, label: row.label,
        gradOutputCount: row.gradOutput.count, options)
    } catch {
      return false
    }
    // Of NaN the value is NaN, which here is none.
    return row.targetKind != .probabilities || row.target.allSatisfy { (0...1).contains($0) }
  }

  private func fillLongRow(
    _ values: ValueMemory, _ function: LossFunction, _ row: RowView, _ options: LossOptions,
    _ mean: MeanParts?, from inputFormat: FloatFormat, in format: FloatFormat,
    _ direction: RoundingDirection
  ) -> Bool {
    let divisor = mean?.divisor
    guard mean == nil || divisor != nil, let rounding = EnclosureRounding(format, direction) else {
      return false
    }
    let options = mean == nil ? options : options.ofRows
    let count = function.outputCount(classCount: row.count)
    let factors = function.mayHaveGradOutput && row.gradOutput.count > 0 ? [row.gradOutput[0]] : []
    factors.withUnsafeBufferPointer { factors in
      var writer = CertifiedWriter(rounding, .memory(values), in: format, divisor: divisor)
      if !factors.isEmpty { writer = writer.multiplying(by: factors, outputsPerRow: count) }
      fillLongRow(
        writer, function, row, options, penaltyFactor: mean?.penaltyFactor, from: inputFormat,
        in: format, direction)
    }
    return !values.hasNaN(count)
  }

  private func fillLongRow(
    _ writer: CertifiedWriter, _ function: LossFunction, _ row: RowView, _ options: LossOptions,
    penaltyFactor: Ball? = nil, from inputFormat: FloatFormat, in format: FloatFormat,
    _ direction: RoundingDirection
  ) {
    var options = options
    options.gradOutput = .none
    RowsTier(
      function, options, from: inputFormat, to: format, direction, penaltyFactor: penaltyFactor
    )?.fill(row, writer)
    DistributionTier(function, options, from: inputFormat, to: format, direction)?
      .fill(row, writer)
    GradientTier(function, options, from: inputFormat, to: format, direction)?.fill(row, writer)
  }

  /// The total of the loss of one such row, in O(1) memory; nil where balls do not enclose it.
  package func total(
    _ function: LossFunction, longRow row: RowView, options: LossOptions,
    from inputFormat: FloatFormat
  ) -> LossTotal? {
    guard usesFastTier, isValid(row, function, options),
      let rounding = EnclosureRounding(.float64, .nearestEven)
    else { return nil }
    let labels = row.label.map { [Int32(clamping: $0)] }
    return total(options, labels: labels, rowCount: 1, valueCount: row.count) { part in
      var result = CertifiedRows(.float64, rowCount: 1, outputsPerRow: 1)
      result.keepEnclosures()
      result.write(rounding) {
        fillLongRow(
          $0, function, row, part.ofRows, from: inputFormat, in: .float64, .nearestEven)
      }
      return result.sum
    }
  }
}
