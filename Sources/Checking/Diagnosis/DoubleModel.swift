internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import SmallFoundation

/// The functions in plain double arithmetic: precise enough to tell a mistake from a rounding error,
/// and made of steps that a mistake can take another way. All options apply whatever the step.
struct DoubleModel: Sendable {
  let function: LossFunction
  var options: LossOptions
  var steps = Steps()

  /// A row in doubles.
  struct Row: Sendable {
    var logits: [Double]
    /// The class that is the target, where one is.
    var label: Int?
    /// The target of each class, where these are given.
    var probabilities: [Double] = []
    /// The logits of the target, where these are given.
    var targetLogits: [Double] = []
    /// What a gradient is multiplied by, where the function takes it.
    var gradOutput: [Double] = []

    init(_ input: LossInput) {
      logits = input.logits.map(\.double)
      gradOutput = input.gradOutput.map(\.double)
      switch input.target {
      case .none: break
      case .index(let index): label = index
      case .probabilities(let values): probabilities = values.map(\.double)
      case .logits(let values): targetLogits = values.map(\.double)
      }
    }

    /// The target of a class.
    func target(_ index: Int) -> Double {
      if let label { return index == label ? 1 : 0 }
      return probabilities.indices.contains(index) ? probabilities[index] : 0
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
      return row
    }
  }

  /// The steps of which the functions are made.
  struct Steps: Sendable {
    /// What the loss is of, for a logit, and the derivative of that.
    var before: @Sendable (_ x: Double, BeforeTheLoss) -> (value: Double, slope: Double) = {
      ($1.value($0), $1.slope($0))
    }
    /// log Σ e^(x − m), with m the greatest.
    var excess: @Sendable (_ x: [Double], _ greatest: Double) -> Double = DoubleModel.excess
    /// What is taken for e^(x − m) where it is over the sum.
    var term: (@Sendable (_ term: Double) -> Double)?
    /// What is taken for log p.
    var logarithm: (@Sendable (_ logarithm: Double) -> Double)?
    /// log σ(z) and log (1 − σ(z)).
    var binaryLogarithms: @Sendable (_ z: Double) -> (Double, Double) = {
      (-DoubleModel.softplus(-$0), -DoubleModel.softplus($0))
    }
    /// What is taken for p, where no logarithm follows.
    var probability: (@Sendable (_ probability: Double) -> Double)?
    /// What a target becomes by smoothing over so many classes.
    var smoothed: @Sendable (_ y: Double, _ epsilon: Double, _ count: Double) -> Double = {
      (1 - $1) * $0 + $1 / $2
    }
    /// What the gradient multiplies p with, of the sum of the targets.
    var total: (@Sendable (_ sum: Double) -> Double)?
    /// The square that z-loss adds, and its slope.
    var square: @Sendable (_ logSumExp: Double, _ greatest: Double) -> (Double, Double) = {
      logSumExp, _ in (logSumExp * logSumExp, 2 * logSumExp)
    }
    /// What a focal loss raises to γ, of p; nil where the factor is a constant of the gradient.
    var complement: @Sendable (_ probability: Double) -> Double = { 1 - $0 }
    var differentiatesFactor = true
  }

  /// The model with a step that is taken another way.
  func taking(_ change: (inout Steps) -> Void) -> DoubleModel {
    var model = self
    change(&model.steps)
    return model
  }

  /// The model with other options.
  func with(_ change: (inout LossOptions) -> Void) -> DoubleModel {
    var model = self
    change(&model.options)
    return model
  }

  var temperature: Double { options.temperature?.double ?? 1 }

  /// What the loss is of, each with its derivative by the logit.
  private func transformed(_ row: Row) -> [(value: Double, slope: Double)] {
    row.logits.indices.map { steps.before(row.logits[$0], BeforeTheLoss(options, of: $0)) }
  }

  /// What the loss is of: the logits, scaled, capped, biased and over the temperature.
  func scaled(_ row: Row) -> [Double] {
    options.present.isDisjoint(with: LossOption.beforeTheLoss)
      ? row.logits : transformed(row).map(\.value)
  }

  /// A gradient by what the loss is of, as one by the logits.
  func byLogits(_ gradient: [Double], _ row: Row) -> [Double] {
    options.present.isDisjoint(with: LossOption.beforeTheLoss)
      ? gradient : zip(gradient, transformed(row)).map { $0 * $1.slope }
  }

  /// The outputs for a row, those of the gradient of a loss times its `grad_output`.
  func outputs(_ row: Row) -> [Double] {
    let outputs = plainOutputs(row)
    guard function.mayHaveGradOutput, let number = row.gradOutput.first, !isIgnored(row) else {
      return outputs
    }
    return outputs.map { $0 * number }
  }

  private func plainOutputs(_ row: Row) -> [Double] {
    guard options.input == .logits else { return outputs(ofProbabilities: row) }
    if !row.targetLogits.isEmpty || function.isOfDistributions {
      return outputs(ofDistributions: row)
    }
    let x = scaled(row)
    switch function {
    case .sigmoid: return [changed(Self.sigmoid(x[0]))]
    case .logSigmoid: return [steps.binaryLogarithms(x[0]).0]
    case .softplus: return [softplus(x[0])]
    case .binaryCrossEntropy: return [binaryLoss(x[0], row)]
    case .binaryCrossEntropyGradient: return byLogits([binaryGradient(x[0], row)], row)
    case .logSumExp:
      let greatest = Self.greatest(x)
      return [greatest + steps.excess(x, greatest)]
    case .softmax: return probabilities(x)
    case .logSoftmax:
      let (greatest, excess) = normaliser(x)
      return x.map { logarithm(($0 - greatest) - excess) }
    case .crossEntropy: return [loss(x, row)]
    case .crossEntropyGradient: return byLogits(gradient(x, row), row)
    case .sigmoidGradient, .logSigmoidGradient, .softplusGradient, .logSumExpGradient,
      .softmaxGradient, .logSoftmaxGradient:
      return byLogits(upstreamGradient(x, row.gradOutput), row)
    case .shardPartials: return shardPartials(x, row)
    case .mergedCrossEntropy: return [mergedLoss(row)]
    case .entropy, .entropyGradient, .klDivergence, .klDivergenceGradient, .jsDivergence,
      .jsDivergenceGradient:
      return outputs(ofDistributions: row)
    }
  }

  /// The coefficient of a class's −log p, of which the gradient's are made, too.
  func coefficient(_ index: Int, _ row: Row) -> Double {
    let y = row.target(index)
    guard let epsilon = options.labelSmoothing?.double else { return weight(index) * y }
    return weight(index)
      * steps.smoothed(y, epsilon, function.isBinary ? 2 : Double(row.logits.count))
  }

  func isIgnored(_ row: Row) -> Bool {
    row.label != nil && row.label == options.ignoreIndex
  }

  private func weight(_ index: Int) -> Double {
    guard let weights = options.classWeights, weights.indices.contains(index) else { return 1 }
    return weights[index].double
  }

  private func logarithm(_ value: Double) -> Double { steps.logarithm?(value) ?? value }

  func changed(_ probability: Double) -> Double {
    steps.probability?(probability) ?? probability
  }

  private var isFocal: Bool { options.focalGamma != nil || options.focalAlpha != nil }
  private var gamma: Double { options.focalGamma?.double ?? 0 }

  private func normaliser(_ x: [Double]) -> (greatest: Double, excess: Double) {
    let greatest = Self.greatest(x)
    return (greatest, steps.excess(x, greatest))
  }

  func probabilities(_ x: [Double]) -> [Double] {
    let (greatest, excess) = normaliser(x)
    guard let term = steps.term else {
      return x.map { changed(exp(($0 - greatest) - excess)) }
    }
    let sum = exp(excess)
    return x.map { changed(term(exp($0 - greatest)) / sum) }
  }
}

// MARK: - The losses and their gradients

extension DoubleModel {
  private func loss(_ x: [Double], _ row: Row) -> Double {
    guard !isIgnored(row) else { return 0 }
    let (greatest, excess) = normaliser(x)
    func logarithm(_ index: Int) -> Double { self.logarithm((x[index] - greatest) - excess) }
    if isFocal {
      guard let label = row.label, x.indices.contains(label) else { return .nan }
      let factor = coefficient(label, row) * (options.focalAlpha?.double ?? 1)
      let (logarithm, p) = (logarithm(label), exp((x[label] - greatest) - excess))
      return -factor * pow(steps.complement(p), gamma) * logarithm
    }
    var loss = 0.0
    if let label = row.label, options.labelSmoothing == nil {
      guard x.indices.contains(label) else { return .nan }
      loss = -coefficient(label, row) * logarithm(label)
    } else {
      for index in x.indices {
        let coefficient = coefficient(index, row)
        if coefficient != 0 { loss -= coefficient * logarithm(index) }
      }
    }
    guard let factor = options.zLoss?.double else { return loss }
    return loss + factor * steps.square(greatest + excess, greatest).0
  }

  private func gradient(_ x: [Double], _ row: Row) -> [Double] {
    guard !isIgnored(row) else { return x.map { _ in 0 } }
    let p = probabilities(x)
    if isFocal { return focalGradient(p, row) }
    let coefficients = x.indices.map { coefficient($0, row) }
    var total = coefficients.reduce(0, +)
    if let change = steps.total { total = change(total) }
    if let factor = options.zLoss?.double {
      let (greatest, excess) = normaliser(x)
      total += factor * steps.square(greatest + excess, greatest).1
    }
    return zip(p, coefficients).map { $0 * total - $1 }
  }

  private func focalGradient(_ p: [Double], _ row: Row) -> [Double] {
    guard let label = row.label, p.indices.contains(label) else { return p.map { _ in .nan } }
    let factor = coefficient(label, row) * (options.focalAlpha?.double ?? 1)
    let (right, q) = (p[label], steps.complement(p[label]))
    var slope = pow(q, gamma)
    if gamma != 0, steps.differentiatesFactor {
      slope += right == 0 ? 0 : -gamma * right * log(right) * pow(q, gamma - 1)
    }
    // q itself is the sum of the others, where p is near 1.
    return p.indices.map { index in
      guard index == label else { return factor * slope * p[index] }
      return -factor * slope * p.indices.reduce(0) { $1 == label ? $0 : $0 + p[$1] }
    }
  }

  private func binaryLoss(_ z: Double, _ row: Row) -> Double {
    let y = coefficient(0, row)
    let (right, wrong) = steps.binaryLogarithms(z)
    let weight = options.positiveWeight?.double ?? 1
    let loss =
      -(y == 0 ? 0 : weight * y * right) - (y == 1 ? 0 : (1 - y) * wrong)
    return isFocal ? balance(y) * pow(focus(z, y), gamma) * loss : loss
  }

  private func binaryGradient(_ z: Double, _ row: Row) -> Double {
    let y = coefficient(0, row)
    let weight = options.positiveWeight?.double ?? 1
    let total = weight * y + (1 - y)
    guard isFocal else {
      // σ − y as two terms of one sign each, unless what is taken for σ is another number.
      guard steps.probability == nil, steps.total == nil else {
        let sum = steps.total?(total) ?? total
        return changed(Self.sigmoid(z)) * sum - weight * y
      }
      return (1 - y) * Self.sigmoid(z) - weight * y * Self.sigmoid(-z)
    }
    let (p, other) = (Self.sigmoid(z), Self.sigmoid(-z))
    let q = focus(z, y)
    var slope = pow(q, gamma) * ((1 - y) * p - y * other)
    if gamma != 0, steps.differentiatesFactor {
      let (right, wrong) = steps.binaryLogarithms(z)
      let loss = -(y == 0 ? 0 : y * right) - (y == 1 ? 0 : (1 - y) * wrong)
      slope += gamma * (1 - 2 * y) * p * other * loss * pow(q, gamma - 1)
    }
    return balance(y) * slope
  }

  /// α_t.
  private func balance(_ y: Double) -> Double {
    guard let alpha = options.focalAlpha?.double else { return 1 }
    return alpha * y + (1 - alpha) * (1 - y)
  }

  /// What is raised to γ.
  private func focus(_ z: Double, _ y: Double) -> Double {
    let (p, other) = (Self.sigmoid(z), Self.sigmoid(-z))
    // By way of p_t, so that a mistake in the complement is one here.
    let right = y * p + (1 - y) * other
    return right > 0.5 && steps.complement(0.25) == 0.75
      ? p * (1 - y) + other * y : steps.complement(right)
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

  /// The greatest, or NaN where there is one.
  static func greatest(_ x: [Double]) -> Double {
    var greatest = -Double.infinity
    for value in x where !(value <= greatest) {
      greatest = value
      if value.isNaN { return value }
    }
    return greatest
  }

  /// log Σ e^(x − m), with the digits that the greatest class's 1 would cost the others.
  static func excess(_ x: [Double], _ greatest: Double) -> Double {
    guard greatest.isFinite else { return greatest == -.infinity ? 0 : .nan }
    var (others, isCounted) = (0.0, false)
    for value in x {
      if value == greatest, !isCounted {
        isCounted = true
      } else {
        others += exp(value - greatest)
      }
    }
    return log1p(others)
  }

  static func softmax(_ x: [Double]) -> [Double] { logSoftmax(x).map(exp) }

  static func logSoftmax(_ x: [Double]) -> [Double] {
    let greatest = greatest(x)
    let excess = excess(x, greatest)
    return x.map { ($0 - greatest) - excess }
  }

  /// log (e^a + e^b).
  static func logarithmOfSum(_ a: Double, _ b: Double) -> Double {
    let (low, high) = (min(a, b), max(a, b))
    return low == -.infinity ? high : high + log1p(exp(low - high))
  }
}

extension DoubleModel {
  static func logSumExp(_ x: [Double]) -> Double {
    let greatest = greatest(x)
    return greatest + excess(x, greatest)
  }
}
