internal import FloatFormats
public import LossFunctions

/// The functions of one logit, within one ulp: computed in double words, rounded once.
///
/// With w = e^(−|z|) the loss is |z|·c + log1p(w), where c is the target's share of the wrong side,
/// 1 − y for z ≥ 0 and y below; its gradient is ±(c − w/(1 + w)). Everything but the gradient's
/// difference is a sum of terms of one sign, so that an error of 2⁻⁹⁰ stays one. For hard labels that
/// difference does not cancel either. For soft ones near z = 0 it is taken from
/// (1 + w)·(c − w/(1 + w)) = (2c − 1) − (1 − c)·expm1(−|z|), whose first term is exact; the result
/// is faithful where it is at least 2⁻³⁵ of the terms.
public struct FaithfulBinary: ScalarImplementation {
  public var name: String { "faithful" }
  public let function: LossFunction
  public var source: String {
    "Joldes, Muller and Popescu (2017) for the double words; the forms are ours"
  }

  /// - Returns: nil for a function of a row, and for gradients with `grad_output`.
  public init?(_ function: LossFunction) {
    guard function.isBinary, function.gradOutputKind == .none else { return nil }
    self.function = function
  }

  public var formula: String {
    switch function {
    case .binaryCrossEntropy: "|z| (z < 0 ? y : 1 - y) + log1p(e^-|z|) in double words"
    case .binaryCrossEntropyGradient: "(1 - y) - w/(1 + w) or w/(1 + w) - y in double words"
    default: "the two-case form of e^-|z| in double words"
    }
  }

  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    guard rows.classCount == 1, !function.hasTarget || rows.targetKind == .probabilities else {
      return nil
    }
    let rounding = FinalRounding(to: T.self)
    return ComputedRows(rows.format, count: rows.count, hasBounds: false) { values, _ in
      rows.withBinaryRows(function) { logits, targets, stride in
        for row in logits.indices {
          let (z, y) = (logits[row], targets[row * stride])
          let quickly = rounding == .odd ? quick(logit: z, target: y).rounded(to: T.self) : nil
          values[row] = (quickly ?? T(value(logit: z, target: y, rounding))).double
        }
      }
    }
  }

  private func quick(logit z: Double, target y: Double) -> QuickValue {
    switch function {
    case .softplus: .loss(logit: z, target: 0)
    case .logSigmoid: .loss(logit: z, target: 1).negated
    case .sigmoid: .gradient(logit: z, target: 0)
    case .binaryCrossEntropyGradient: .gradient(logit: z, target: y)
    default: .loss(logit: z, target: y)
    }
  }

  /// The value for a logit, faithfully rounded to double.
  public func value(logit z: Double, target y: Double) -> Double {
    value(logit: z, target: y, .nearest)
  }

  package func value(logit z: Double, target y: Double, _ rounding: FinalRounding) -> Double {
    switch function {
    case .softplus: Self.loss(z, 0, rounding)
    case .logSigmoid: -Self.loss(z, 1, rounding)
    case .sigmoid: Self.gradient(z, 0, rounding)
    case .binaryCrossEntropyGradient: Self.gradient(z, y, rounding)
    default: Self.loss(z, y, rounding)
    }
  }

  /// The share of the wrong side, exactly.
  private static func wrongShare(_ z: Double, _ y: Double) -> DoubleWord {
    z < 0 ? DoubleWord(y) : .sum(1, -y)
  }

  private static func loss(_ z: Double, _ y: Double, _ rounding: FinalRounding) -> Double {
    if z.isNaN || y.isNaN { return .nan }
    let share = wrongShare(z, y)
    if z.isInfinite { return share.high == 0 ? 0 : z.magnitude * share.high }
    let tail = ScaledRow.logOnePlus(ScaledRow.exponential(x: -z.magnitude, maximum: 0))
    guard z.magnitude < 0x1p100 else {
      // The scale would overflow. Without a head the tail is 0 in every format.
      if share.high == 0 { return 0 }
      let product = DoubleWord(z.magnitude * 0.25) * share
      return (product + ScaledRow.unscaledTail(tail).scaled(by: 0.25)).double(rounding) * 4
    }
    return (share.scaled(by: ScaledRow.scale) * DoubleWord(z.magnitude) + tail).unscaled(rounding)
  }

  private static func gradient(_ z: Double, _ y: Double, _ rounding: FinalRounding) -> Double {
    if z.isNaN || y.isNaN { return .nan }
    let w = ScaledRow.exponential(x: -z.magnitude, maximum: 0)
    let total = DoubleWord(1) + w.scaled(by: ScaledRow.unscale)
    let share = wrongShare(z, y)
    let difference: DoubleWord
    if z.magnitude < 0.35, share.high != 0 {
      let rightShare = z < 0 ? DoubleWord.sum(1, -y) : DoubleWord(y)
      let excess = (share - rightShare).scaled(by: ScaledRow.scale)
      difference =
        (excess - rightShare * ScaledRow.expMinusOne(DoubleWord(-z.magnitude))) / total
    } else {
      difference = share.scaled(by: ScaledRow.scale) - w / total
    }
    return (z < 0 ? -difference : difference).unscaled(rounding)
  }
}
