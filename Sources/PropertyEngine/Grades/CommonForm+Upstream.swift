internal import LossFunctions
internal import SmallFoundation

// Gradients that are multiplied by `grad_output`. The common forms take the derivative from the rounded output, σ(1 − σ)
// of a sigmoid and e^(log p) of a log-softmax, and round a product and a sum of products on the way.

extension CommonForm {
  /// How far off g·f'(z) may be, in units u; for a derivative that is not 1 beyond a threshold.
  func slopeError(_ logit: Double, gradOutput g: Double) -> Double {
    let beta = function == .softplusGradient ? options.beta : 1
    let before = options.logits
    let z = (function == .logSigmoidGradient ? -1 : 1) * beta * before.value(logit)
    guard z.isFinite, g.isFinite else { return 0 }
    let p = sigmoid(z)
    let argument = (beta == 1 ? 0 : z.magnitude) + before.error(logit)
    // 1 − p is rounded as a number of the size of p, and so is p before it.
    let error = sigmoidError(z, argument) + 4 * p + lost
    if before.isIdentity { return g.magnitude * error }
    let slope = before.slope(logit)
    return g.magnitude * (slope.value * error + slope.error * (p + error * unit))
  }

  /// The errors of gradients that are multiplied by a number for each row, from the errors of these.
  ///
  /// The number is multiplied with the parts of a difference, p and y, each of which rounds: that is less than a quarter
  /// of what the elementary functions of p have done.
  func times(_ numbers: [Double], _ errors: [Double]) -> [Double] {
    let each = errors.count / max(numbers.count, 1)
    return errors.enumerated().map { place, error in
      let number = numbers[place / each]
      return number.isFinite ? number.magnitude * (1.25 * error + lost * unit) : 0
    }
  }

  /// The same for each output of a row.
  func slopeErrors(_ row: ShiftedRow, gradOutput g: ArraySlice<Double>) -> [Double] {
    guard g.allSatisfy(\.isFinite) else { return [Double](repeating: 0, count: row.count) }
    let (p, numbers) = (row.probabilities, Array(g))
    let errors = (0..<row.count).map { row.probabilityError($0) + lost }
    switch function {
    case .logSumExpGradient:
      return (0..<row.count).map { index in
        let size = numbers[0].magnitude
        return row.byLogit(
          index, size * (errors[index] + 4 * p[index]), bound: size * p[index], unit)
      }
    case .logSoftmaxGradient:
      let sum = min(numbers.reduce(0) { $0 + $1.magnitude }, .greatestFiniteMagnitude)
      return (0..<row.count).map { index in
        let own = numbers[index].magnitude
        let error = 4 * own + sum * (errors[index] + p[index] * (4 + row.levels))
        return row.byLogit(index, error, bound: own + sum * p[index], unit)
      }
    default:
      var (mean, meanError) = (0.0, 0.0)
      for (index, number) in numbers.enumerated() {
        mean += p[index] * number.magnitude
        meanError += number.magnitude * (errors[index] + p[index] * (4 + row.levels))
      }
      return (0..<row.count).map { index in
        let size = numbers[index].magnitude + mean
        let error = errors[index] * size + p[index] * (meanError + 6 * size)
        return row.byLogit(index, error, bound: p[index] * size, unit)
      }
    }
  }
}
