internal import FloatFormats
package import LossFunctions
internal import SmallFoundation

/// What stands before a loss, for one logit, in doubles: (c·tanh(s·x/c) + b)/T.
package struct BeforeTheLoss: Sendable {
  package let scale: Double
  package let softcap: Double?
  package let bias: Double
  package let temperature: Double

  package init(_ options: LossOptions, of index: Int) {
    scale = options.scale?.double ?? 1
    softcap = options.softcap?.double
    bias = options.logitBias.flatMap { $0.indices.contains(index) ? $0[index].double : nil } ?? 0
    temperature = options.temperature?.double ?? 1
  }

  package func value(_ x: Double) -> Double { (capped(scale * x) + bias) / temperature }

  package func capped(_ y: Double) -> Double { softcap.map { $0 * tanh(y / $0) } ?? y }

  /// The derivative by x, with the digits that 1 − tanh² would lose.
  package func slope(_ x: Double) -> Double {
    scale / temperature * Self.slope(of: scale * x, softcap)
  }

  /// That of the cap alone.
  package static func slope(of y: Double, _ softcap: Double?) -> Double {
    guard let softcap else { return 1 }
    let decay = exp(-2 * abs(y / softcap))
    return 4 * decay / ((1 + decay) * (1 + decay))
  }
}
