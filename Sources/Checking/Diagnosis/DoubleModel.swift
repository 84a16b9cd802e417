internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

/// The functions in plain double arithmetic: precise enough to tell a mistake from a rounding error,
/// and easy to make mistakes in on purpose.
struct DoubleModel: Sendable {
  let function: LossFunction
  let options: LossOptions

  /// A row in doubles. A label is kept beside the probabilities that it stands for.
  struct Row: Sendable {
    var logits: [Double]
    var probabilities: [Double]
    var label: Int?

    init(_ input: LossInput) {
      logits = input.logits.map(\.double)
      switch input.target {
      case .none: probabilities = []
      case .index(let index):
        label = index
        probabilities = input.logits.indices.map { $0 == index ? 1 : 0 }
      case .probabilities(let values): probabilities = values.map(\.double)
      }
    }

    /// The row with other logits.
    func with(_ logits: [Double]) -> Row {
      var row = self
      row.logits = logits
      return row
    }

    /// The row with another label.
    func with(label: Int) -> Row {
      var row = self
      row.label = label
      row.probabilities = logits.indices.map { $0 == label ? 1 : 0 }
      return row
    }
  }

  /// The outputs for a row.
  func outputs(_ row: Row) -> [Double] {
    let temperature = options.temperature?.double ?? 1
    let x = row.logits.map { $0 / temperature }
    switch function {
    case .sigmoid: return [Self.sigmoid(x[0])]
    case .logSigmoid: return [-Self.softplus(-x[0])]
    case .softplus: return [Self.softplus(x[0])]
    case .logSumExp: return [Self.logSumExp(x)]
    case .softmax: return Self.softmax(x)
    case .logSoftmax: return Self.logSoftmax(x)
    case .binaryCrossEntropy, .binaryCrossEntropyGradient: return [binary(x[0], row, temperature)]
    case .crossEntropy: return [categorical(x, row)]
    case .crossEntropyGradient: return gradient(x, row, temperature)
    }
  }

  /// The target with smoothing.
  func smoothed(_ row: Row) -> [Double] {
    let epsilon = options.labelSmoothing?.double ?? 0
    let count = Double(function.isBinary ? 2 : row.logits.count)
    return row.probabilities.map { (1 - epsilon) * $0 + epsilon / count }
  }

  private func isIgnored(_ row: Row) -> Bool {
    row.label != nil && row.label == options.ignoreIndex
  }

  private func binary(_ z: Double, _ row: Row, _ temperature: Double) -> Double {
    let y = smoothed(row)[0]
    let weight = options.positiveWeight?.double ?? 1
    guard options.focalGamma == nil, options.focalAlpha == nil else { return .nan }
    if function == .binaryCrossEntropy {
      return weight * y * Self.softplus(-z) + (1 - y) * Self.softplus(z)
    }
    return ((1 - y) * Self.sigmoid(z) - weight * y * Self.sigmoid(-z)) / temperature
  }

  private func categorical(_ x: [Double], _ row: Row) -> Double {
    guard !isIgnored(row) else { return 0 }
    guard options.focalGamma == nil, options.focalAlpha == nil else { return .nan }
    let logarithms = Self.logSoftmax(x)
    var loss = 0.0
    for (index, y) in smoothed(row).enumerated() where y != 0 {
      loss -= y * weight(index) * logarithms[index]
    }
    let z = Self.logSumExp(x)
    return loss + (options.zLoss?.double ?? 0) * z * z
  }

  private func gradient(_ x: [Double], _ row: Row, _ temperature: Double) -> [Double] {
    guard !isIgnored(row) else { return x.map { _ in 0 } }
    guard options.focalGamma == nil, options.focalAlpha == nil else { return x.map { _ in .nan } }
    let y = smoothed(row).enumerated().map { $1 * weight($0) }
    let total = y.reduce(0, +)
    let z = 2 * (options.zLoss?.double ?? 0) * Self.logSumExp(x)
    return zip(Self.softmax(x), y).map { (p, y) in (p * (total + z) - y) / temperature }
  }

  private func weight(_ index: Int) -> Double {
    guard let weights = options.classWeights, weights.indices.contains(index) else { return 1 }
    return weights[index].double
  }
}

// MARK: - The elementary functions

extension DoubleModel {
  static func sigmoid(_ z: Double) -> Double {
    z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z))
  }

  /// e^x, under a name that a closure can be handed.
  static func exponential(_ x: Double) -> Double { exp(x) }

  static func softplus(_ z: Double) -> Double { max(z, 0) + log1p(exp(-abs(z))) }

  static func logSumExp(_ x: [Double]) -> Double {
    let greatest = x.max() ?? 0
    guard greatest.isFinite else { return greatest }
    let first = x.firstIndex(of: greatest) ?? 0
    var others = 0.0
    for index in x.indices where index != first { others += exp(x[index] - greatest) }
    return greatest + log1p(others)
  }

  static func softmax(_ x: [Double]) -> [Double] { logSoftmax(x).map(exp) }

  /// x − log Σ e^x, with the digits that the greatest class's would lose.
  static func logSoftmax(_ x: [Double]) -> [Double] {
    let greatest = x.max() ?? 0
    let first = x.firstIndex(of: greatest) ?? 0
    var others = 0.0
    for index in x.indices where index != first { others += exp(x[index] - greatest) }
    return x.map { ($0 - greatest) - log1p(others) }
  }
}
