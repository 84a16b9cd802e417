internal import FloatFormats
internal import LossFunctions
internal import Reference
internal import SmallFoundation

/// What the common form may be off by at least, told from the exact value alone: a base, and so much for each unit of the
/// value's magnitude, in units u.
///
/// Nearly every output is well within what is common. What that is takes an exponential for each class; that the output
/// is within it does not.
struct LeastError {
  let base: Double
  let slope: Double

  /// At least what `CommonForm` says, in units u, of a value that is known to within two of its ulps: the rounding of the
  /// value is one, and what a double's exponential loses below the normal range is another.
  ///
  /// A thousandth is taken off for the roundings of what this is compared with.
  @inline(__always)
  func units(_ value: Double, ulp: Double) -> Double {
    0.999 * (base + slope * max(value.magnitude - 2 * ulp, 0))
  }
}

extension CommonForm {
  /// The least errors of a row's outputs, and of the target's where that differs; nil where nothing is known of them.
  ///
  /// They leave out of each bound what is not known without the row: with ℓ = gap + L, the loss of a class,
  /// - L is off by `levels` or more, and ℓ by 3·gap + 9·L + `levels` ≥ 3·ℓ + `levels`;
  /// - m + L is rounded twice;
  /// - p is off by p·(12 + `levels`) or more, and p − [i = t] by 4·p or, at the target, by 4 in addition.
  func leastErrors(of rows: LossRows) -> (others: LeastError, target: LeastError)? {
    guard options.isPlain, rows.gradOutputCount == 0, !function.isOfDistributions,
      rows.targetKind == .none || rows.targetKind == .index
    else { return nil }
    let levels = Self.perLevel * log2(Double(rows.classCount))
    let ofClass = Self.elementary + 4 + levels
    switch function {
    case .crossEntropy, .logSoftmax:
      let error = LeastError(base: levels, slope: Self.perGap)
      return (error, error)
    case .logSumExp:
      let error = LeastError(base: levels, slope: 2)
      return (error, error)
    case .softmax:
      let error = LeastError(base: 0, slope: ofClass)
      return (error, error)
    case .crossEntropyGradient:
      return (LeastError(base: 0, slope: ofClass + 4), LeastError(base: 4, slope: 0))
    default: return nil
    }
  }
}

extension CommonOptions {
  /// Whether a loss of logits is of these as they are, with a weight of 1 for each row.
  fileprivate var isPlain: Bool {
    input == .logits && logits.isIdentity && classWeights.isEmpty && labelSmoothing == 0
      && zLoss == 0 && !isFocal && ignoredLabel == nil
  }
}
