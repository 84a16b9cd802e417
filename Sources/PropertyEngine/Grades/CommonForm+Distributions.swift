internal import LossFunctions
internal import SmallFoundation

// Entropies and divergences. The common forms take the logarithms of both softmaxes, the probabilities as their
// exponentials, and sum the products; gradients go through the vector–Jacobian product of the softmax.

extension CommonForm {
  /// How far off each output of a row may be, in units u.
  func distributionErrors(
    _ logits: ArraySlice<Double>, _ target: ArraySlice<Double>?, summing: Bool
  ) -> [Double] {
    let p = Distribution(ShiftedRow(logits, self, summing: summing), lost)
    guard let target else {
      return function == .entropyGradient
        ? gradientErrors(p, p.logarithms.map { (-$0, $1) }) : [meanError(p, p.logarithms)]
    }
    let q = Distribution(ShiftedRow(target, self, summing: summing), lost)
    switch function {
    case .klDivergence:
      let ratios = zip(q.logarithms, p.logarithms).map { ($0.0 - $1.0, $0.1 + $1.1) }
      // Both logarithms are of the size of their gaps, and their difference is not.
      return [meanError(q, ratios)]
    case .crossEntropy: return [meanError(q, p.logarithms)]
    case .klDivergenceGradient, .crossEntropyGradient:
      return p.values.indices.map { index in
        p.row.byLogit(
          index, p.errors[index] + q.errors[index] + 4 * (p.values[index] + q.values[index]),
          bound: max(p.values[index], q.values[index]), unit)
      }
    default:
      let means = p.logarithmsOfMean(with: q)
      let ofP = zip(p.logarithms, means).map { ($0.0 - $1.0, $0.1 + $1.1) }
      guard function == .jsDivergence else { return gradientErrors(p, ofP).map { $0 / 2 } }
      let ofQ = zip(q.logarithms, means).map { ($0.0 - $1.0, $0.1 + $1.1) }
      return [(meanError(p, ofP) + meanError(q, ofQ)) / 2]
    }
  }

  /// Σ p·l, with the roundings of l, of the product and of the sum.
  private func meanError(_ p: Distribution, _ l: [(value: Double, error: Double)]) -> Double {
    var error = 0.0
    for (index, l) in l.enumerated() where p.values[index] > 0 || p.errors[index] > 0 {
      let size = min(l.value.magnitude, .greatestFiniteMagnitude)
      error += p.errors[index] * size + p.values[index] * (l.error + (4 + p.levels) * size)
    }
    return error
  }

  /// p·(l − Σ p·l)/T, whose l may have had 1 added on the way.
  private func gradientErrors(
    _ p: Distribution, _ l: [(value: Double, error: Double)]
  ) -> [Double] {
    var mean = 0.0
    for (index, l) in l.enumerated() where p.values[index] > 0 {
      mean += p.values[index] * l.value.magnitude
    }
    let meanError = meanError(p, l) + mean + 1
    return l.enumerated().map { index, l in
      guard p.values[index] > 0 || p.errors[index] > 0 else { return 0 }
      let size = min(l.value.magnitude + mean, .greatestFiniteMagnitude) + 1
      let error =
        p.errors[index] * size + p.values[index] * (l.error + meanError + (6 + p.levels) * size)
      return p.row.byLogit(index, error, bound: p.values[index] * size, unit)
    }
  }
}

/// A softmax with the logarithms of its probabilities, and how far off all of them may be in units u.
private struct Distribution {
  let row: ShiftedRow
  let values: [Double]
  let errors: [Double]
  /// log p and its error; −∞ and 0 of a masked class.
  let logarithms: [(value: Double, error: Double)]
  let levels: Double

  init(_ row: ShiftedRow, _ lost: Double) {
    self.row = row
    values = row.probabilities
    errors = (0..<row.count).map {
      row.probabilityError($0) + (row.gaps[$0].isFinite ? lost : 0)
    }
    logarithms = (0..<row.count).map { (-(row.gaps[$0] + row.log), row.lossError($0)) }
    levels = row.levels
  }

  /// log((p + q)/2) of each class.
  func logarithmsOfMean(with other: Distribution) -> [(value: Double, error: Double)] {
    zip(logarithms, other.logarithms).map { p, q in
      let (low, high) = p.value < q.value ? (p, q) : (q, p)
      guard high.value > -.infinity else { return (-.infinity, 0) }
      let ratio = exp(low.value - high.value)
      let value = high.value + log1p(ratio) - SmallFoundation.log(2)
      let share = ratio / (1 + ratio)
      let error = (1 - share) * high.error + share * low.error + CommonForm.elementary
      return (value, error + 4 * (value.magnitude + 1))
    }
  }
}
