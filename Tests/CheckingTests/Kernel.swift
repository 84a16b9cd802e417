import FloatFormats
import Foundation
import LossFunctions
import Multiprecision
import PropertyEngine

/// Losses in plain `Float` arithmetic, as kernels compute them, and what they are written out in.
enum Kernel {
  /// The order in which a kernel sums.
  enum Order: String, CaseIterable {
    case forwards, backwards, lanes, pairs, online
  }

  static func sum(_ terms: [Float], _ order: Order) -> Float {
    switch order {
    case .forwards, .online: return terms.reduce(0, +)
    case .backwards: return terms.reversed().reduce(0, +)
    case .lanes:
      var lanes = [Float](repeating: 0, count: 8)
      for (index, term) in terms.enumerated() { lanes[index % 8] += term }
      return lanes.reduce(0, +)
    case .pairs:
      guard terms.count > 2 else { return terms.reduce(0, +) }
      let half = terms.count / 2
      return sum(Array(terms[..<half]), .pairs) + sum(Array(terms[half...]), .pairs)
    }
  }

  /// The maximum and Σ e^(x − max).
  static func shifted(_ x: [Float], _ order: Order) -> (greatest: Float, sum: Float) {
    guard order == .online else {
      let greatest = x.max() ?? 0
      return (greatest, sum(x.map { exp($0 - greatest) }, order))
    }
    var (greatest, total) = (-Float.infinity, Float(0))
    for logit in x where logit > -.infinity {
      let next = max(greatest, logit)
      total = total * exp(greatest - next) + exp(logit - next)
      greatest = next
    }
    return (greatest, total)
  }

  private static func logSoftmax(_ x: [Float], _ order: Order) -> [Float] {
    let (greatest, total) = shifted(x, order)
    return x.map { ($0 - greatest) - log(total) }
  }

  /// Entropies and divergences, of the logarithms of one softmax or of two.
  private static func outputs(
    ofDistributions function: LossFunction, _ a: [Float], _ b: [Float], _ order: Order
  ) -> [Float] {
    func mean(_ weights: [Float], _ values: [Float]) -> Float {
      sum(zip(weights, values).map { exp($0) * $1 }, order)
    }
    func differences(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { $0 - $1 } }
    func gradient(_ values: [Float]) -> [Float] {
      let mean = mean(a, values)
      return zip(a, values).map { exp($0) * ($1 - mean) }
    }
    switch function {
    case .entropy: return [-mean(a, a)]
    case .entropyGradient: return gradient(a).map { -$0 }
    case .klDivergence: return [mean(b, differences(b, a))]
    case .klDivergenceGradient:
      let total = sum(b.map { exp($0) }, order)
      return zip(a, b).map { exp($0) * total - exp($1) }
    default:
      let c = zip(a, b).map { max($0, $1) + log1p(exp(-abs($0 - $1))) - log(2) }
      return function == .jsDivergence
        ? [(mean(a, differences(a, c)) + mean(b, differences(b, c))) / 2]
        : gradient(differences(a, c)).map { $0 / 2 }
    }
  }

  /// The outputs of a function, in the forms of frameworks.
  static func outputs(
    _ function: LossFunction, _ x: [Float], _ target: Target, _ order: Order,
    gradOutput g: [Float] = []
  ) -> [Float] {
    let (greatest, total) = shifted(x, order)
    let logarithm = log(total)
    let y: [Float] =
      switch target {
      case .none: []
      case .index(let label): x.indices.map { $0 == label ? 1 : 0 }
      case .probabilities(let values): values.map { Float($0.double) }
      case .logits(let values): logSoftmax(values.map { Float($0.double) }, order)
      }
    let z = x[0]
    switch function {
    case .sigmoid: return [1 / (1 + exp(-z))]
    case .logSigmoid: return [min(z, 0) - log1p(exp(-abs(z)))]
    case .softplus: return [max(z, 0) + log1p(exp(-abs(z)))]
    case .logSumExp: return [greatest + logarithm]
    case .softmax: return x.map { exp($0 - greatest) / total }
    case .logSoftmax: return x.map { ($0 - greatest) - logarithm }
    case .binaryCrossEntropy: return [max(z, 0) - z * y[0] + log1p(exp(-abs(z)))]
    case .binaryCrossEntropyGradient: return [1 / (1 + exp(-z)) - y[0]]
    case .crossEntropy:
      if case .index(let label) = target { return [logarithm - (x[label] - greatest)] }
      return [sum(zip(x, y).map { $1 == 0 ? 0 : $1 * (logarithm - ($0 - greatest)) }, order)]
    case .crossEntropyGradient:
      let all = y.reduce(0, +)
      return zip(x, y).map { exp($0 - greatest) / total * all - $1 }
    case .entropy, .entropyGradient, .klDivergence, .klDivergenceGradient, .jsDivergence,
      .jsDivergenceGradient:
      return outputs(ofDistributions: function, logSoftmax(x, order), y, order)
    case .sigmoidGradient:
      let p = 1 / (1 + exp(-z))
      return [g[0] * ((1 - p) * p)]
    case .logSigmoidGradient:
      let w = exp(-abs(z))
      return [g[0] * (z < 0 ? 1 - w / (1 + w) : w / (1 + w))]
    case .softplusGradient: return [g[0] / (1 + exp(-z))]
    case .logSumExpGradient: return x.map { g[0] * (exp($0 - greatest) / total) }
    case .softmaxGradient:
      let p = x.map { exp($0 - greatest) / total }
      let mean = sum(zip(p, g).map { $0 * $1 }, order)
      return zip(p, g).map { ($1 - mean) * $0 }
    case .logSoftmaxGradient:
      let all = sum(g, order)
      return zip(x, g).map { $1 - exp(($0 - greatest) - logarithm) * all }
    case .shardPartials:
      let isMasked = greatest == -.infinity
      let label = if case .index(let label) = target { label } else { -1 }
      return [greatest, isMasked ? 0 : total, x.indices.contains(label) ? x[label] : -.infinity]
    case .mergedCrossEntropy:
      let terms = zip(x, g).map { $1 * exp($0 - greatest) }
      return [log(sum(terms, order)) - ((g[x.count...].max() ?? 0) - greatest)]
    }
  }

  /// A right kernel: it computes in `Float` and rounds once.
  static func right(
    _ function: LossFunction, _ order: Order, in format: FloatFormat = .float32
  ) -> ClosureSubject {
    ClosureSubject(outputFormat: format) { input in
      let (x, g) = (input.logits, input.gradOutput)
      return outputs(
        function, x.map { Float($0.double) }, input.target, order,
        gradOutput: g.map { Float($0.double) }
      ).map { rounded($0, to: format) }
    }
  }

  /// A kernel of `Float`s, whose outputs are rounded to a format.
  static func subject(
    in format: FloatFormat = .float32,
    _ body: @escaping @Sendable ([Float], Target) -> [Float]
  ) -> ClosureSubject {
    ClosureSubject(outputFormat: format) { input in
      body(input.logits.map { Float($0.double) }, input.target).map { rounded($0, to: format) }
    }
  }

  static func rounded(_ value: Float, to format: FloatFormat) -> FloatValue {
    format.rounded(FloatValue(value), .nearestEven)
  }

  /// The number of bfloat16 nearest to a `Float`.
  static func narrow(_ value: Float) -> Float {
    Float(FloatFormat.bfloat16.nearest(Double(value)))
  }
}
