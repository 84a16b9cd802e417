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
    try validate(function, rows, options)
    return withStandardArithmetic {
      certified(function, rows, options, in: format, direction)
    }
  }

  /// What the outputs of valid rows lie in.
  func enclosedRows(
    _ function: LossFunction, _ rows: LossRows, _ options: LossOptions
  ) -> CertifiedRows {
    certified(function, rows, options, in: .float64, .nearestEven, keepsEnclosures: true)
  }

  /// - Throws: `invalidInput`, for the first row that is not one.
  func validate(
    _ function: LossFunction, _ rows: LossRows, _ options: LossOptions
  ) throws(ReferenceError) {
    do {
      try function.validate(rows, options)
    } catch {
      throw .invalidInput(error.error)
    }
  }

  /// The outputs of valid rows; of gradients, over what a mean divides by.
  func certified(
    _ function: LossFunction, _ rows: LossRows, _ options: LossOptions, in format: FloatFormat,
    _ direction: RoundingDirection, keepsEnclosures: Bool = false, mean: MeanParts? = nil
  ) -> CertifiedRows {
    let count = function.outputCount(classCount: rows.classCount)
    var result = CertifiedRows(format, rowCount: rows.count, outputsPerRow: count)
    if keepsEnclosures { result.keepEnclosures() }
    result.ground = function.ground(of: rows.targetKind, options)
    if function == .entropy || function == .crossEntropy && rows.targetKind == .logits {
      // Of equal logits they are logarithms of rational numbers: see `SoftmaxEntropy` and `KLDivergence`.
      if options.logitBias == nil { result.settledRows = rows.ofEqualLogits }
    }
    result.divisor = mean?.divisor
    let usesFastTier = usesFastTier && (mean == nil || result.divisor != nil)
    if usesFastTier {
      ShardTier(function, options, from: rows.format, to: format, direction)?.fill(rows, &result)
    }
    if usesFastTier, !function.isOfShards {
      if function.mayHaveGradOutput, rows.gradOutputCount > 0 {
        result.factors = rows.gradOutputs.doubles
      }
      var options = options
      options.gradOutput = .none
      RowsTier(
        function, options, from: rows.format, to: format, direction,
        penaltyFactor: mean?.penaltyFactor
      )?.fill(rows, &result)
      if options.input != .logits {
        ProbabilityTier(function, options, from: rows.format, to: format, direction)?
          .fill(rows, &result)
      }
      DistributionTier(function, options, from: rows.format, to: format, direction)?
        .fill(rows, &result)
      GradientTier(function, options, from: rows.format, to: format, direction)?
        .fill(rows, &result)
    }
    result.decideRest(direction) { row in
      mean.map { function.exact(rows[row], $0.parts) } ?? function.exact(rows[row], options)
    }
    return result
  }
}

extension LossRows {
  /// The rows whose logits are all the same finite number, before and after what stands before the function.
  fileprivate var ofEqualLogits: Set<Int> {
    let logits = logits.doubles
    guard logits.count == count * classCount else { return [] }
    return Set(
      (0..<count).filter { row in
        let first = logits[row * classCount]
        return first.isFinite
          && (1..<classCount).allSatisfy { logits[row * classCount + $0] == first }
      })
  }
}
