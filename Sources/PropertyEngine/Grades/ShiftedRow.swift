internal import SmallFoundation

/// A row with its maximum taken off, and how far off in units u what is computed from it may be.
struct ShiftedRow {
  /// m − xᵢ, after what stands before the loss; infinite for a logit of −∞.
  let gaps: [Double]
  /// The softmax.
  let probabilities: [Double]
  /// What the logits that the loss is of are off by, with the greatest of them, for each class: they are
  /// rounded before the maximum is taken off, so that an offset counts.
  private let logitErrors: [Double]
  /// The derivatives of these by the logits, and how far off they may be; none where they are 1.
  private let slopes: [(value: Double, error: Double)]
  /// The maximum m, after what stands before the loss, how far off it may be, and L = log Σ e^−gap.
  let greatest: Double
  let greatestError: Double
  let log: Double
  /// How far off L may be. Its relative terms are those of the sum: exponentials, gaps, and the levels of a
  /// tree; only the sum's own rounding counts where the rest of the classes is next to nothing.
  let logError: Double
  private let greatestProbabilityError: Double
  /// The number of roundings that a tree of sums over the classes takes.
  let levels: Double

  var count: Int { gaps.count }

  init(_ logits: ArraySlice<Double>, _ form: CommonForm, summing: Bool) {
    let (before, isScaled) = (form.options.logits, !form.options.logits.isIdentity)
    let scaled = isScaled ? logits.enumerated().map { before.value($1, of: $0) }[...] : logits
    // Differences beyond the doubles' range are as good as their greatest number.
    let limit = Double.greatestFiniteMagnitude
    let greatest = max(-limit, min(limit, scaled.max() ?? 0))
    let gaps = scaled.map { $0 == -.infinity ? .infinity : min(max(greatest - $0, 0), limit) }
    // First the terms, and then what each is of their sum.
    var shares = gaps.map { exp(-$0) }
    let loss =
      summing ? 2 * SummationLoss(of: shares).relative(unitRoundoff: form.unit) / form.unit : 0
    let first = gaps.firstIndex(of: 0) ?? 0
    var rest = 0.0
    for index in shares.indices where index != first { rest += shares[index] }
    let sum = 1 + rest
    var errors = isScaled ? logits.enumerated().map { before.error($1, of: $0) } : []
    let greatestError = isScaled ? errors[first] : 0
    for (index, number) in scaled.enumerated() where isScaled && number.isFinite {
      errors[index] += greatestError
    }
    var (meanGap, meanQuotient) = (0.0, 0.0)
    for index in shares.indices {
      let (isCounted, share) = (shares[index] > 0, shares[index] / sum)
      shares[index] = share
      guard isCounted else { continue }
      meanGap += share * gaps[index]
      if isScaled { meanQuotient += share * errors[index] }
    }
    levels = CommonForm.perLevel * log2(Double(gaps.count))
    log = log1p(rest)
    let sumError =
      CommonForm.elementary * rest / sum + levels + CommonForm.perGap * meanGap + meanQuotient
    logError = sumError + loss + CommonForm.elementary * log
    self.gaps = gaps
    self.greatest = greatest
    self.greatestError = greatestError
    logitErrors = errors
    greatestProbabilityError = form.greatestProbabilityError
    slopes = isScaled ? logits.map { before.slope($0) } : []
    probabilities = shares
  }

  func logitError(_ index: Int) -> Double {
    logitErrors.indices.contains(index) ? logitErrors[index] : 0
  }

  /// How far off the maximum may be, whichever class it is of.
  var maximumError: Double { logitErrors.max() ?? 0 }

  /// How far off a derivative by a logit may be, of one by what it becomes: that is off by `error` and not
  /// above `bound`.
  func byLogit(_ index: Int, _ error: Double, bound: Double, _ unit: Double) -> Double {
    guard !slopes.isEmpty else { return error }
    return slopes[index].value * error + slopes[index].error * (bound + error * unit)
  }

  /// How far off −log pᵢ = gap + L may be: the gap, L, and their sum, rounded.
  func lossError(_ index: Int) -> Double {
    guard gaps[index].isFinite else { return 0 }
    return logError + log + CommonForm.perGap * gaps[index] + logitError(index)
  }

  /// How far off pᵢ may be, be it a quotient by the sum or the exponential of a difference.
  func probabilityError(_ index: Int) -> Double {
    guard probabilities[index] > 0 else { return 0 }
    let error = probabilities[index] * (CommonForm.elementary + 4 + lossError(index))
    return min(error, greatestProbabilityError)
  }
}
