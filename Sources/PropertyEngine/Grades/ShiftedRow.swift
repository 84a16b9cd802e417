internal import SmallFoundation

/// A row with its maximum taken off, and how far off in units u what is computed from it may be.
struct ShiftedRow {
  /// m − xᵢ, after a division by the temperature; infinite for a logit of −∞.
  let gaps: [Double]
  /// The softmax.
  let probabilities: [Double]
  /// What the quotients by the temperature are off by, for each class: they are rounded before the maximum
  /// is taken off, so that an offset counts.
  private let quotientErrors: [Double]
  /// The maximum m, after a division by the temperature, and L = log Σ e^−gap.
  let greatest: Double
  let log: Double
  /// How far off L may be. Its relative terms are those of the sum: exponentials, gaps, and the levels of a
  /// tree; only the sum's own rounding counts where the rest of the classes is next to nothing.
  let logError: Double
  /// The number of roundings that a tree of sums over the classes takes.
  let levels: Double

  var count: Int { gaps.count }

  init(_ logits: ArraySlice<Double>, _ form: CommonForm, summing: Bool) {
    let (temperature, isScaled) = (form.options.temperature, form.options.isScaled)
    let scaled = isScaled ? logits.map { $0 / temperature } : Array(logits)
    // Differences beyond the doubles' range are as good as their greatest number.
    let limit = Double.greatestFiniteMagnitude
    let greatest = max(-limit, min(limit, scaled.max() ?? 0))
    let gaps = scaled.map { $0 == -.infinity ? .infinity : min(max(greatest - $0, 0), limit) }
    let terms = gaps.map { exp(-$0) }
    let first = gaps.firstIndex(of: 0) ?? 0
    var rest = 0.0
    for index in terms.indices where index != first { rest += terms[index] }
    let sum = 1 + rest
    let quotientErrors =
      isScaled ? scaled.map { $0.isFinite ? $0.magnitude + greatest.magnitude : 0 } : []
    var (meanGap, meanQuotient) = (0.0, 0.0)
    for index in terms.indices where terms[index] > 0 {
      meanGap += terms[index] / sum * gaps[index]
      if isScaled { meanQuotient += terms[index] / sum * quotientErrors[index] }
    }
    levels = CommonForm.perLevel * log2(Double(gaps.count))
    log = log1p(rest)
    let loss =
      summing ? 2 * SummationLoss(of: terms).relative(unitRoundoff: form.unit) / form.unit : 0
    let sumError =
      CommonForm.elementary * rest / sum + levels + CommonForm.perGap * meanGap + meanQuotient
    logError = sumError + loss + CommonForm.elementary * log
    self.gaps = gaps
    self.greatest = greatest
    self.quotientErrors = quotientErrors
    probabilities = terms.map { $0 / sum }
  }

  private func quotientError(_ index: Int) -> Double {
    quotientErrors.isEmpty ? 0 : quotientErrors[index]
  }

  /// How far off −log pᵢ = gap + L may be: the gap, L, and their sum, rounded.
  func lossError(_ index: Int) -> Double {
    guard gaps[index].isFinite else { return 0 }
    return logError + log + CommonForm.perGap * gaps[index] + quotientError(index)
  }

  /// How far off pᵢ may be, be it a quotient by the sum or the exponential of a difference.
  func probabilityError(_ index: Int) -> Double {
    guard probabilities[index] > 0 else { return 0 }
    return probabilities[index] * (CommonForm.elementary + 4 + lossError(index))
  }
}
