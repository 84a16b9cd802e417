internal import FloatFormats
internal import LossFunctions
internal import Reference
internal import SmallFoundation

/// What the common form may be off by at least, told from the exact value alone: a base, and a share of the value's
/// magnitude.
///
/// Nearly every output is well within what is common. What that is takes an exponential for each class; that the output
/// is within it does not.
struct LeastError {
  private let base: Double
  private let slope: Double

  /// - Parameters:
  ///   - base: In units u.
  ///   - slope: For each unit of the value's magnitude, in units u.
  ///   - unit: The unit u. It is multiplied in first, as multiples of the greatest doubles overflow.
  init(base: Double, slope: Double, unit: Double) {
    // A thousandth is taken off for the roundings of what this is compared with.
    (self.base, self.slope) = (0.999 * unit * base, 0.999 * unit * slope)
  }

  /// At least what `CommonForm` says of a value that is known to within two of its ulps: the rounding of the
  /// value is one, and what a double's exponential loses below the normal range is another.
  @inline(__always)
  func error(of value: Double, ulp: Double) -> Double {
    base + slope * max(value.magnitude - 2 * ulp, 0)
  }
}

extension CommonForm {
  /// The least errors of a row's outputs, and of the target's where that differs; nil where nothing is known of them.
  ///
  /// They leave out of each bound what is not known without the row: with ℓ = gap + L, the loss of a class,
  /// - L is off by `levels` or more, and ℓ by 3·gap + 9·L + `levels` ≥ 3·ℓ + `levels`;
  /// - m + L is rounded twice;
  /// - p is off by p·(12 + `levels`) or more, but for what no probability is off by, and p − [i = t] by 4·p or, at the
  ///   target, by 4 in addition.
  func leastErrors(of rows: LossRows) -> (others: LeastError, target: LeastError)? {
    guard options.isPlain, rows.gradOutputCount == 0, !function.isOfDistributions,
      rows.targetKind == .none || rows.targetKind == .index
    else { return nil }
    let levels = Self.perLevel * log2(Double(rows.classCount))
    let ofClass = min(Self.elementary + 4 + levels, greatestProbabilityError)
    func least(_ base: Double, _ slope: Double) -> LeastError {
      LeastError(base: base, slope: slope, unit: unit)
    }
    return switch function {
    case .crossEntropy, .logSoftmax: (least(levels, Self.perGap), least(levels, Self.perGap))
    case .logSumExp: (least(levels, 2), least(levels, 2))
    case .softmax: (least(0, ofClass), least(0, ofClass))
    case .crossEntropyGradient: (least(0, ofClass + 4), least(4, 0))
    default: nil
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
