internal import SmallFoundation

extension CommonForm {
  /// How far off the cross-entropy of a row may be, in units u: the losses of the classes, weighted, with
  /// their products and sums rounded.
  func lossError(_ row: ShiftedRow, _ label: Int?, _ target: ArraySlice<Double>) -> Double {
    if let label, label == options.ignoredLabel { return 0 }
    func coefficient(_ index: Int) -> Double {
      options.coefficient(index, label, target, row.count)
    }
    if let label, options.isFocal { return focalLossError(row, coefficient(label), label) }
    let isOne = label != nil && options.labelSmoothing == 0
    let roundings = (isOne ? 0 : row.levels) + (isOne && options.classWeights.isEmpty ? 0 : 4)
    var error = 0.0
    // Of a label that is not smoothed no other class counts.
    let only = isOne ? label : nil
    for index in (only ?? 0)..<(only.map { $0 + 1 } ?? row.count) {
      let (coefficient, value) = (coefficient(index), row.gaps[index] + row.log)
      guard coefficient > 0 else { continue }
      error += coefficient * (row.lossError(index) + roundings * value)
    }
    return error + zLossError(row)
  }

  /// c·(m + L)² in the loss.
  private func zLossError(_ row: ShiftedRow) -> Double {
    // Next to the greatest doubles the factor is infinite, and 0 times it no number.
    guard options.zLoss > 0 else { return 0 }
    let logSumExp = (row.greatest + row.log).magnitude
    return options.zLoss * logSumExp * (2 * logSumExpError(row) + 4 * logSumExp)
  }

  private func logSumExpError(_ row: ShiftedRow) -> Double {
    // Of a class without a share nothing is to be left.
    let error = row.logError + row.greatestError + (row.greatest + row.log).magnitude
    return min(error, .greatestFiniteMagnitude)
  }

  /// How far off A·pᵢ − aᵢ may be, A the sum of the coefficients, in units u.
  func gradientErrors(_ row: ShiftedRow, _ coefficients: [Double], _ label: Int?) -> [Double] {
    guard !coefficients.isEmpty else { return [Double](repeating: 0, count: row.count) }
    if let label, options.isFocal { return focalGradientErrors(row, coefficients[label], label) }
    let sum = coefficients.reduce(0, +)
    let isOne = label != nil && options.labelSmoothing == 0
    let roundings = 4 + (isOne ? 0 : row.levels)
    let logSumExp = (row.greatest + row.log).magnitude
    return (0..<row.count).map { index in
      let (p, pError) = (row.probabilities[index], row.probabilityError(index))
      var error = sum * (pError + roundings * p) + 4 * coefficients[index]
      var bound = max(sum * p, coefficients[index])
      if options.zLoss > 0 {
        error += 2 * options.zLoss * ((pError + 4 * p) * logSumExp + p * logSumExpError(row))
        bound += 2 * options.zLoss * logSumExp * p
      }
      return row.byLogit(index, error, bound: bound, unit)
    }
  }

  /// w·α·(1 − p)^γ·ℓ, whose factor 1 − p is a difference of rounded numbers: what it may be off by is no
  /// multiple of u, so the values at the ends of both factors are taken.
  private func focalLossError(_ row: ShiftedRow, _ weight: Double, _ label: Int) -> Double {
    let factor = weight * (options.focalAlpha ?? 1)
    let loss = row.gaps[label] + row.log
    let lossError = row.lossError(label) * unit
    let q = FocalFactor(row, label, unit)
    let gamma = options.focalGamma
    let value = q.power(gamma) * loss
    let upper = q.upperPower(gamma) * (loss + lossError)
    let lower = q.lowerPower(gamma) * max(loss - lossError, 0)
    let width = max(upper - value, value - lower) / unit
    return factor * (width + value * q.powerRoundings(gamma))
  }

  /// The gradient is g·(pᵢ − [i = t]) with g = w·α·(1 − p)^(γ − 1)·(γ·p·ℓ + 1 − p) ≤ w·α·(1 + γ)·(1 − p)^γ, as
  /// p·ℓ ≤ 1 − p.
  private func focalGradientErrors(
    _ row: ShiftedRow, _ weight: Double, _ label: Int
  ) -> [Double] {
    let gamma = options.focalGamma
    let factor = weight * (options.focalAlpha ?? 1) * (1 + gamma)
    let q = FocalFactor(row, label, unit)
    let (upper, lower) = (q.upperPower(gamma), q.lowerPower(gamma))
    let width = (upper - lower) / unit + upper * (q.powerRoundings(gamma) + row.lossError(label))
    return (0..<row.count).map { index in
      let difference = index == label ? q.value : row.probabilities[index]
      let error =
        width * (difference + q.error) + upper * (row.probabilityError(index) + 4 * difference)
      return row.byLogit(index, factor * error, bound: factor * upper * difference, unit)
    }
  }
}

/// 1 − p of a focal loss, and how far off it may be.
struct FocalFactor {
  let value: Double
  let error: Double

  init(_ row: ShiftedRow, _ label: Int, _ unit: Double) {
    value = -expm1(-(row.gaps[label] + row.log))
    error = (row.probabilityError(label) + 1) * unit
  }

  init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  func power(_ exponent: Double) -> Double { exponent == 0 ? 1 : pow(value, exponent) }

  func upperPower(_ exponent: Double) -> Double {
    exponent == 0 ? 1 : pow(value + error, exponent)
  }

  func lowerPower(_ exponent: Double) -> Double {
    exponent == 0 ? 1 : pow(max(value - error, 0), exponent)
  }

  /// What the power itself is off by, e^(γ·log q), in units u.
  func powerRoundings(_ exponent: Double) -> Double {
    guard exponent != 0 else { return 4 }
    return 16 + 8 * exponent * min(-SmallFoundation.log(max(value, error)), 800)
  }
}
