internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

/// What stands before a loss, for one logit, in doubles: (c·tanh(s·x/c) + b)/T.
struct BeforeTheLoss: Sendable {
  var scale: Double
  var softcap: Double?
  var bias: Double
  var temperature: Double

  init(_ options: LossOptions, of index: Int) {
    scale = options.scale?.double ?? 1
    softcap = options.softcap?.double
    bias = options.logitBias.flatMap { $0.indices.contains(index) ? $0[index].double : nil } ?? 0
    temperature = options.temperature?.double ?? 1
  }

  func value(_ x: Double) -> Double { (capped(scale * x) + bias) / temperature }

  func capped(_ y: Double) -> Double { softcap.map { $0 * tanh(y / $0) } ?? y }

  /// The derivative by x, with the digits that 1 − tanh² would lose.
  func slope(_ x: Double) -> Double { scale / temperature * Self.slope(of: scale * x, softcap) }

  /// That of the cap alone.
  static func slope(of y: Double, _ softcap: Double?) -> Double {
    guard let softcap else { return 1 }
    let decay = exp(-2 * abs(y / softcap))
    return 4 * decay / ((1 + decay) * (1 + decay))
  }
}
