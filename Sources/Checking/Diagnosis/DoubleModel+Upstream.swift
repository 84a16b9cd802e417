internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// Gradients that are multiplied by `grad_output`, and the softplus with a sharpness.

extension DoubleModel {
  private var beta: Double { options.beta?.double ?? 1 }

  /// Whether the softplus is its asymptote there.
  private func isLinear(_ z: Double) -> Bool {
    options.threshold.map { beta * z > $0.double } ?? false
  }

  func softplus(_ z: Double) -> Double {
    isLinear(z) ? z : -steps.binaryLogarithms(beta * z).1 / beta
  }

  /// The gradient by what the function is of, for what it is multiplied by.
  func upstreamGradient(_ x: [Double], _ g: [Double]) -> [Double] {
    guard let first = g.first else { return [] }
    switch function {
    case .sigmoidGradient: return [first * changed(Self.sigmoid(x[0])) * Self.sigmoid(-x[0])]
    case .logSigmoidGradient: return [first * changed(Self.sigmoid(-x[0]))]
    case .softplusGradient:
      return [isLinear(x[0]) ? first : first * changed(Self.sigmoid(beta * x[0]))]
    case .logSumExpGradient: return probabilities(x).map { first * $0 }
    case .softmaxGradient:
      // As sums of differences, for what all numbers have in common counts nothing.
      let p = probabilities(x)
      let mean = zip(p, g).reduce(0) { $0 + $1.0 * ($1.1 - first) }
      return zip(p, g).map { $0 * (($1 - first) - mean) }
    default:
      let sum = g.reduce(0, +)
      return zip(probabilities(x), g).map { $1 - $0 * sum }
    }
  }
}
