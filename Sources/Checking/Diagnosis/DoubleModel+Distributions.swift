internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// Entropies, divergences, and losses whose soft labels are given as logits.

extension DoubleModel {
  func outputs(ofDistributions row: Row) -> [Double] {
    let (p, q) = logarithms(row)
    if !function.hasTarget {
      let outputs = outputs(ofEntropy: p)
      return function == .entropyGradient ? byLogits(outputs, row) : outputs
    }
    switch function {
    case .crossEntropy, .crossEntropyGradient:
      var soft = row
      soft.targetLogits = []
      soft.gradOutput = []
      soft.probabilities = q.map(exp)
      return outputs(soft)
    case .klDivergence: return [Self.divergence(of: q, from: p)]
    case .klDivergenceGradient: return byLogits(zip(p, q).map { exp($0) - exp($1) }, row)
    default:
      let mean = zip(p, q).map { Self.logarithmOfSum($0, $1) - log(2) }
      let ofP = Self.divergence(of: p, from: mean)
      guard function == .jsDivergenceGradient else {
        return [(ofP + Self.divergence(of: q, from: mean)) / 2]
      }
      let gradient = zip(p, mean).map { p, mean in
        p == -.infinity ? 0 : exp(p) * ((p - mean) - ofP) / 2
      }
      return byLogits(gradient, row)
    }
  }

  /// The logarithms of both distributions of a row.
  func logarithms(_ row: Row) -> (p: [Double], q: [Double]) {
    (Self.logSoftmax(scaled(row)), Self.logSoftmax(scaled(row.with(row.targetLogits))))
  }

  private func outputs(ofEntropy logarithms: [Double]) -> [Double] {
    let entropy = logarithms.reduce(0) { $1 == -.infinity ? $0 : $0 - exp($1) * $1 }
    guard function == .entropyGradient else { return [entropy] }
    return logarithms.map { $0 == -.infinity ? 0 : -exp($0) * ($0 + entropy) }
  }

  /// Σ q·(log q − log p) of logarithms.
  static func divergence(of q: [Double], from p: [Double]) -> Double {
    zip(q, p).reduce(0) { $1.0 == -.infinity ? $0 : $0 + exp($1.0) * ($1.0 - $1.1) }
  }
}
