internal import FloatFormats
public import LossFunctions

/// The functions of a row, within one ulp: computed in double words, rounded once.
///
/// With m the greatest logit, at index g, and S = Σ e^(xᵢ − m) over i ≠ g the loss is
/// Σ yᵢ(m − xᵢ) + (Σ y)·log1p(S), a sum of terms of one sign. The gradient by xᵢ is
/// (Σ y)·e^(xᵢ − m)/(1 + S) − yᵢ, and by x_g it is (Σ y − y_g) − (Σ y)·S/(1 + S). For labels these
/// differences do not cancel; for soft targets `FaithfulGradient` has another form for where they do.
/// The result is faithful where it is at least 2⁻³⁵ of its terms, and so is log Σ e^x.
public struct FaithfulCategorical: ScalarImplementation {
  public var name: String { "faithful" }
  public let function: LossFunction
  private let specials: PracticalCategorical
  public var source: String {
    "Joldes, Muller and Popescu (2017) for the double words; the forms are ours"
  }

  /// - Returns: nil for a function of one logit, and for gradients with `grad_output`.
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

  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    let isSoft = rows.targetKind == .probabilities
    guard !function.hasTarget || isSoft || rows.hasLabels(of: function) else { return nil }
    let hasLabel = function.hasTarget && !isSoft
    let (labels, probabilities) = (rows.labels, rows.probabilities.doubles)
    let rounding = FinalRounding(to: T.self)
    let outputCount = function.hasOutputPerClass ? rows.classCount : 1
    var (y, quickRow) = (
      [Double](repeating: 0, count: rows.classCount),
      QuickRow(function, classCount: rows.classCount)
    )
    return ComputedRows(rows.format, count: rows.count * outputCount, hasBounds: false) {
      values, _ in
      if rounding == .odd, hasLabel, rows.classCount == 2 {
        fillPairs(values, rows, roundedTo: T.self)
        guard values.contains(where: \.isNaN) else { return }
      }
      rows.forEachRow({ $0 }) { x, _, row in
        guard values[row * outputCount].isNaN else { return }
        let label = hasLabel ? Int(labels[row]) : nil
        if let label {
          for index in y.indices { y[index] = label == index ? 1 : 0 }
        } else if function.hasTarget {
          for index in y.indices { y[index] = probabilities[row * rows.classCount + index] }
        }
        let outputs = UnsafeMutableBufferPointer(
          rebasing: values[row * outputCount..<(row + 1) * outputCount])
        if !x.allSatisfy(\.isFinite) || !y.allSatisfy(\.isFinite) {
          _ = outputs.update(fromContentsOf: valuesOfSpecials(x, y, label, in: T.self))
        } else if rounding == .nearest || !quickRow.fill(outputs, x, y, roundedTo: T.self) {
          let accurate = self.values(logits: x, target: y, rounding)
          _ = outputs.update(fromContentsOf: accurate.map { T($0).double })
        }
      }
    }
  }

  /// Writes the outputs of rows of two logits and a label that the quick phase decides: the binary loss, or its
  /// gradient, of what the logit of the label is greater by.
  private func fillPairs<T: LossScalar>(
    _ values: UnsafeMutableBufferPointer<Double>, _ rows: LossRows, roundedTo _: T.Type
  ) {
    let isGradient = function.isGradient
    rows.logits.doubles.withUnsafeBufferPointer { logits in
      rows.labels.withUnsafeBufferPointer { labels in
        for row in labels.indices {
          let (first, label) = (2 * row, Int(labels[row]))
          let logit = logits[first + label] - logits[first + 1 - label]
          guard logit.isFinite else { continue }
          let quick: QuickValue =
            isGradient ? .gradient(logit: logit, target: 1) : .loss(logit: logit, target: 1)
          guard let value = quick.rounded(to: T.self)?.double else { continue }
          if isGradient {
            values[first + label] = value
            values[first + 1 - label] = -value
          } else {
            values[row] = value
          }
        }
      }
    }
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
