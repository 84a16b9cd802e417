internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// The losses of probabilities, and their gradients, as the model has them.

extension DoubleModel {
  /// How losses of probabilities are computed: two logarithms, and what becomes of a row before them.
  struct ProbabilitySteps: Sendable {
    /// log p.
    var logarithm: @Sendable (_ p: Double) -> Double = { log($0) }
    /// log(1 − p).
    var complement: @Sendable (_ p: Double) -> Double = { log1p(-$0) }
    /// What a row of numbers is taken for.
    var numbers: @Sendable (_ numbers: [Double]) -> [Double] = { $0 }
  }

  /// The outputs for a row of probabilities, or of their logarithms.
  func outputs(ofProbabilities row: Row, _ steps: ProbabilitySteps = ProbabilitySteps()) -> [Double]
  {
    let numbers = steps.numbers(row.logits)
    guard function.isBinary else {
      if isIgnored(row) { return function.isGradient ? numbers.map { _ in 0 } : [0] }
      let isLogarithm = options.input == .logProbabilities
      if function.isGradient {
        return numbers.indices.map { index in
          let coefficient = coefficient(index, row)
          return coefficient == 0 ? 0 : -coefficient / (isLogarithm ? 1 : numbers[index])
        }
      }
      return [
        numbers.indices.reduce(0) { sum, index in
          let coefficient = coefficient(index, row)
          guard coefficient != 0 else { return sum }
          return sum - coefficient
            * (isLogarithm ? numbers[index] : steps.logarithm(numbers[index]))
        }
      ]
    }
    let y = coefficient(0, row)
    let (a, b) = ((options.positiveWeight?.double ?? 1) * y, 1 - y)
    let number = numbers[0]
    func sum(_ positive: Double, _ negative: Double) -> [Double] {
      [(a == 0 ? 0 : a * positive) + (b == 0 ? 0 : b * negative)]
    }
    guard options.input == .logProbabilities else {
      return function.isGradient
        ? sum(-1 / number, 1 / (1 - number))
        : sum(-steps.logarithm(number), -steps.complement(number))
    }
    let complement = number > -log(2) ? log(-expm1(number)) : log1p(-exp(number))
    return function.isGradient
      ? sum(-1, 1 / expm1(-number)) : sum(-number, -complement)
  }
}
