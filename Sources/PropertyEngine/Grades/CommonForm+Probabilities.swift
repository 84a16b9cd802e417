internal import LossFunctions
internal import SmallFoundation

// Of probabilities the common form takes a logarithm, or a quotient, for each class that counts; log(1 − p) by
// log1p. What it is off by is relative to each term.

extension CommonForm {
  /// How far off the loss of one probability p, or l = log p, may be, or its gradient, in units u.
  func probabilityError(_ number: Double, target: Double) -> Double {
    let smoothed = target * (1 - options.labelSmoothing) + options.labelSmoothing / 2
    let (a, b) = (options.positiveWeight * smoothed, 1 - smoothed)
    let isLogarithm = options.input == .logProbabilities
    let p = isLogarithm ? exp(number) : number
    let q = isLogarithm ? -expm1(number) : 1 - number
    guard p >= 0, q >= 0 else { return 0 }
    if function.isGradient {
      if isLogarithm { return 4 * a + term(b, p / q) * (Self.elementary + 4 + Self.elementary / q) }
      return (term(a, 1 / p) + term(b, 1 / q)) * 8
    }
    let positive = term(a, isLogarithm ? -number : -log(number))
    guard isLogarithm else {
      return (positive + term(b, -log1p(-number))) * (Self.elementary + 8)
    }
    // e^l is rounded before the logarithm is taken of its complement.
    return 8 * positive + term(b, -log(q)) * (Self.elementary + 8) + term(b, p / q)
      * Self.elementary
  }

  /// The same of each output of a row.
  func probabilityErrors(
    _ numbers: ArraySlice<Double>, label: Int?, target: ArraySlice<Double>
  ) -> [Double] {
    let count = numbers.count
    let coefficients = options.coefficients(label, target, count)
    guard !coefficients.isEmpty else {
      return [Double](repeating: 0, count: function.isGradient ? count : 1)
    }
    let isLogarithm = options.input == .logProbabilities
    let roundings = 4 + (options.labelSmoothing == 0 ? 0 : 8.0)
    if function.isGradient {
      return zip(numbers, coefficients).map { number, coefficient in
        term(coefficient, isLogarithm ? 1 : 1 / number) * (roundings + 4)
      }
    }
    let levels =
      label != nil && options.labelSmoothing == 0 ? 0 : Self.perLevel * log2(Double(count))
    let perTerm = roundings + levels + (isLogarithm ? 0 : Self.elementary)
    return [
      zip(numbers, coefficients).reduce(0) { sum, pair in
        sum + term(pair.1, isLogarithm ? -pair.0 : -log(pair.0)) * perTerm
      }
    ]
  }

  /// A product, with 0·∞ = 0; of what is no number nothing is allowed.
  private func term(_ coefficient: Double, _ value: Double) -> Double {
    coefficient == 0 || !value.isFinite ? 0 : coefficient * value.magnitude
  }
}
