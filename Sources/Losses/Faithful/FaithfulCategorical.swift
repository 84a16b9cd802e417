internal import FloatFormats
public import LossFunctions

/// The functions of a row, within one ulp: computed in double words, rounded once.
///
/// With m the greatest logit, at index g, and S = Σ e^(xᵢ − m) over i ≠ g the loss is
/// Σ yᵢ(m − xᵢ) + (Σ y)·log1p(S), a sum of terms of one sign. The gradient by xᵢ is
/// (Σ y)·e^(xᵢ − m)/(1 + S) − yᵢ, and by x_g it is (Σ y − y_g) − (Σ y)·S/(1 + S). For labels these
/// differences do not cancel; for soft targets `FaithfulGradient` has another form for where they do.
/// The result is faithful where it is at least 2⁻³⁵ of its terms, and so is log Σ e^x.
public struct FaithfulCategorical: Implementation {
  public var name: String { "faithful" }
  public let function: LossFunction
  private let specials: PracticalCategorical
  public var source: String {
    "Joldes, Muller and Popescu (2017) for the double words; the forms are ours"
  }

  /// - Returns: nil for a function of one logit.
  public init?(_ function: LossFunction) {
    guard let specials = PracticalCategorical(function) else { return nil }
    self.function = function
    self.specials = specials
  }

  public var formula: String {
    switch function {
    case .crossEntropyGradient, .softmax:
      "sum y * e^(x_i - max) / (1 + sum over i != argmax) - y_i in double words"
    default: "y * (max - x) + log1p(sum over i != argmax of e^(x_i - max)) in double words"
    }
  }

  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    switch rows.format {
    case .float16: values(rows, Binary16.self)
    case .bfloat16: values(rows, BFloat16.self)
    case .float32: values(rows, Float.self)
    case .float64: values(rows, Double.self)
    default: nil
    }
  }

  private func values<T: LossScalar>(_ rows: LossRows, _: T.Type) -> ComputedRows? {
    let isSoft = rows.targetKind == .probabilities
    guard !function.hasTarget || isSoft || rows.hasLabels else { return nil }
    let (rounding, probabilities) = (FinalRounding(to: T.self), rows.probabilities.doubles)
    var y = [Double](repeating: 0, count: rows.classCount)
    var quickRow = QuickRow(classCount: rows.classCount)
    var values: [Double] = []
    values.reserveCapacity(function.hasOutputPerClass ? rows.logits.count : rows.count)
    rows.forEachRow({ $0 }) { x, row in
      let label = function.hasTarget && !isSoft ? Int(rows.labels[row]) : nil
      if function.hasTarget {
        for index in y.indices {
          y[index] =
            label.map { $0 == index ? 1 : 0 } ?? probabilities[row * rows.classCount + index]
        }
      }
      if !x.allSatisfy(\.isFinite) || !y.allSatisfy(\.isFinite) {
        values += valuesOfSpecials(x, y, label, in: T.self)
      } else if rounding == .nearest
        || !quickRow.append(function, x, y, roundedTo: T.self, to: &values)
      {
        values += self.values(logits: x, target: y, rounding).map { T($0).double }
      }
    }
    return ComputedRows(values: NumberColumn(rows.format, doubles: values))
  }

  /// Infinities and NaN have no digits to lose.
  private func valuesOfSpecials<T: LossScalar>(
    _ x: [Double], _ y: [Double], _ label: Int?, in _: T.Type
  ) -> [Double] {
    let logits = x.map { T($0) }
    let outputs =
      label == nil && function.hasTarget
      ? specials.outputs(logits: logits, probabilities: y.map { T($0) })
      : specials.outputs(logits: logits, label: label ?? 0)
    return outputs.map(\.double)
  }

  /// The values for finite logits and a finite target for each, faithfully rounded to double.
  public func values(logits x: [Double], target y: [Double]) -> [Double] {
    values(logits: x, target: y, .nearest)
  }

  package func values(logits x: [Double], target y: [Double], _ rounding: FinalRounding) -> [Double]
  {
    let row = ScaledRow(x)
    switch function {
    case .crossEntropy: return [Self.loss(x, y, row, rounding)]
    case .crossEntropyGradient: return FaithfulGradient(x, y, row, rounding).values
    case .softmax: return row.probabilities(rounding)
    case .logSoftmax:
      let logarithm = row.logarithm
      return x.map { -Self.sum(x[row.greatest], minus: $0, plus: logarithm, rounding) }
    default:
      let maximum = x[row.greatest]
      return [-Self.sum(-maximum, minus: 0, plus: -row.logarithm, rounding)]
    }
  }

  /// a − b + l for 2²⁰⁰·l.
  private static func sum(
    _ a: Double, minus b: Double, plus logarithm: DoubleWord, _ rounding: FinalRounding
  ) -> Double {
    let difference = DoubleWord.sum(a, -b)
    guard difference.high.magnitude < 0x1p100 else {
      // An overflow has no low part.
      guard difference.high.isFinite else { return difference.high }
      return (difference + ScaledRow.unscaledTail(logarithm)).double(rounding)
    }
    return (difference.scaled(by: ScaledRow.scale) + logarithm).unscaled(rounding)
  }

  private static func loss(
    _ x: [Double], _ y: [Double], _ row: ScaledRow, _ rounding: FinalRounding
  ) -> Double {
    let maximum = x[row.greatest]
    let support = x.indices.filter { y[$0] != 0 }
    // Where a difference is large enough to overflow when scaled, or at all, a fourth of everything
    // is added up instead.
    let isLarge = support.contains { maximum / 4 - x[$0] / 4 > 0x1p100 }
    var head = DoubleWord(0)
    var total = DoubleWord(0)
    for index in support {
      let difference =
        isLarge
        ? DoubleWord.sum(maximum / 4, -x[index] / 4) : DoubleWord.sum(maximum, -x[index])
      let weight = DoubleWord(isLarge ? y[index] : y[index] * ScaledRow.scale)
      head = head + weight * difference
      total = total + weight
    }
    let tail = total * row.logarithm
    if isLarge {
      return (head + ScaledRow.unscaledTail(tail).scaled(by: 0.25)).double(rounding) * 4
    }
    return (head + tail.scaled(by: ScaledRow.unscale)).unscaled(rounding)
  }
}
