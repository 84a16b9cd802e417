internal import FloatFormats
package import LossFunctions
internal import SmallFoundation

extension CheckContract {
  /// How far the sum or mean of the losses of rows may be off and be common: by what each of them may be, stored
  /// in the outputs' format, by a tree of sums over them or what loops lose, and by a division.
  ///
  /// - Parameters:
  ///   - losses: The exact losses, in doubles.
  ///   - divisor: What their sum is divided by.
  package func commonError(
    ofReduced rows: LossRows, losses: [Double], divisor: Double
  ) -> Double {
    let format = computingFormat
    let unit = format.unitRoundoff
    let errors = CommonForm(function, options, computedIn: format).errors(of: rows, summing: false)
    var (error, size) = (0.0, 0.0)
    for (loss, own) in zip(losses, errors) {
      // Divided first: the sum of losses may overflow where their mean does not.
      size += loss.magnitude / divisor
      error +=
        (own + 2 * outputFormat.unitRoundoff * loss.magnitude
          + outputFormat.leastSubnormal.double) / divisor
    }
    let levels = CommonForm.perLevel * log2(Double(max(losses.count, 1))) + 4
    let looped = 2 * SummationLoss(of: losses.map(\.magnitude)).relative(unitRoundoff: unit)
    return error + size * (levels * unit + looped) + 4 * format.leastSubnormal.double
  }

  /// The same of each output of the gradient by a row, divided as the loss is.
  package func commonErrors(ofReducedGradient rows: LossRows, divisor: Double) -> [Double] {
    let format = computingFormat
    return CommonForm(function, options, computedIn: format).errors(of: rows, summing: false)
      .map { $0 / divisor + 4 * format.leastSubnormal.double }
  }

  /// Whether losses that sum to so much may be infinite in what the common form computes in: it adds the losses
  /// of all classes, weighted, before it multiplies them with the share of smoothing.
  package func overflows(_ sum: Double) -> Bool {
    let weights = (options.classWeights ?? []).map(\.double).reduce(0, +)
    let smoothing = options.labelSmoothing?.double ?? 0
    let count = Double(options.classWeights?.count ?? 1)
    let factor = max(1, weights, options.positiveWeight?.double ?? 1)
    return !computingFormat.nearest(sum * factor * (smoothing > 0 ? count / smoothing : 1)).isFinite
  }

  /// How much rounding a division and a product adds to a number, relative to it.
  package var relativeReductionError: Double { 8 * computingFormat.unitRoundoff }
}
