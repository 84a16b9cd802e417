import FloatFormats
import Foundation
import LossFunctions
import PropertyEngine

/// A loss computed step by step in a format, as a kernel does it, with steps that can be taken wrongly.
///
/// It shares no code with the models that mistakes are told by.
struct SteppedKernel: Sendable {
  let function: LossFunction
  /// The format that all steps are rounded to.
  var computing: FloatFormat
  let outputFormat: FloatFormat
  var options: LossOptions
  /// What a logit becomes first, and the factor of its derivative beside 1/T.
  var before: @Sendable (Double, Int, LossOptions) -> (value: Double, slope: Double) = {
    x, index, options in
    let t = options.softcap.map { tanh((options.scale?.double ?? 1) * x / $0.double) }
    let scaled = (options.scale?.double ?? 1) * x
    let capped = options.softcap.map { $0.double * (t ?? 0) } ?? scaled
    let biased = capped + (options.logitBias?[index].double ?? 0)
    let slope = (options.scale?.double ?? 1) * (1 - (t ?? 0) * (t ?? 0))
    return (biased / (options.temperature?.double ?? 1), slope)
  }
  /// How a row, or a batch of rows, is changed before all else.
  var rows: @Sendable ([Row]) -> [Row] = { $0 }
  var logits: @Sendable ([Double]) -> [Double] = { $0 }
  var label: @Sendable (_ label: Int, _ count: Int) -> Int = { label, _ in label }
  /// Where the maximum starts.
  var start = -Double.infinity
  /// Whether the maximum is taken off.
  var isShifted = true
  /// What is rounded of a term, and how terms are added.
  var term: @Sendable (Double) -> Double = { $0 }
  var addition: Addition = .tree
  /// What becomes of the sum of a row.
  var sum: @Sendable (_ sum: Double, _ x: [Double], _ greatest: Double) -> Double = {
    sum, _, _ in sum
  }
  /// Whether log Σ e^x is made whole before a logit is taken off.
  var addsMaximumBack = false
  /// Whether losses are logarithms of probabilities, and what these become first.
  var probability: (@Sendable (Double) -> Double)?
  var logarithm: @Sendable (Double) -> Double = { $0 }
  /// What a target becomes by smoothing.
  var smoothed: @Sendable (_ y: Double, _ epsilon: Double, _ count: Double) -> Double = {
    y, epsilon, count in (1 - epsilon) * y + epsilon / count
  }
  /// What the gradient takes for the sum of targets.
  var total: @Sendable (Double) -> Double = { $0 }
  /// z-loss and its slope.
  var square: @Sendable (_ z: Double, _ greatest: Double) -> (Double, Double) = { z, _ in
    (z * z, 2 * z)
  }
  var focus: @Sendable (Double) -> Double = { 1 - $0 }
  var differentiatesFocus = true
  /// What becomes of the outputs of a row, or of those of a batch.
  var outputs: @Sendable (_ outputs: [Double], _ row: Row) -> [Double] = { outputs, _ in
    outputs
  }
  var batch: @Sendable ([[Double]]) -> [[Double]] = { $0 }
  var ignoresRows = true

  /// How terms are added up.
  enum Addition: Sendable { case tree, inOrder, once, wide }

  /// A row of numbers.
  struct Row: Sendable {
    var x: [Double]
    var label: Int?
    var y: [Double]
  }

  init(
    _ function: LossFunction, computing: FloatFormat, outputFormat: FloatFormat,
    options: LossOptions
  ) {
    self.function = function
    self.computing = computing
    self.outputFormat = outputFormat
    self.options = options
  }

  private func r(_ value: Double) -> Double { computing.nearest(value) }
}

extension SteppedKernel: Subject {
  func answers(to rows: LossRows) async throws -> RowAnswers {
    let inputs = (0..<rows.count).map { rows[$0] }.map { input -> Row in
      let x = input.logits.map(\.double)
      switch input.target {
      case .none: return Row(x: x, label: nil, y: [])
      case .index(let label): return Row(x: x, label: label, y: [])
      case .probabilities(let values), .logits(let values):
        return Row(x: x, label: nil, y: values.map(\.double))
      }
    }
    let computed = batch(self.rows(inputs).map { outputs(of: $0) })
    var column = NumberColumn(outputFormat)
    for value in computed.joined() { column.append(outputFormat.nearest(value)) }
    return RowAnswers(column, outputsPerRow: computed.first?.count ?? 1)
  }

  /// The sum or the mean of the rows' losses, or the gradients of it.
  func reduced(_ rows: LossRows, _ contract: CheckContract) async throws -> NumberColumn {
    let values = try await answers(to: rows).values
    let numbers = (0..<values.count).map { values[$0].double }
    let divisor = contract.reduction == .mean ? rows.divisor(contract.options) : 1
    var column = NumberColumn(outputFormat)
    for value in function.isGradient ? numbers : [numbers.reduce(0, +)] {
      column.append(outputFormat.nearest(value / divisor))
    }
    return column
  }

  func outputs(of row: Row) -> [Double] {
    var row = row
    if let label = row.label {
      if ignoresRows, label == options.ignoreIndex {
        return outputs(function.hasOutputPerClass ? row.x.map { _ in 0 } : [0], row)
      }
      row.label = self.label(label, row.x.count)
    }
    let before = row.x.indices.map { self.before(row.x[$0], $0, options) }
    let x = logits(before.map { r($0.value) })
    let computed = function.isBinary ? [binary(x[0], row)] : categorical(x, row)
    guard function.isGradient else { return outputs(computed, row) }
    return outputs(zip(computed, before).map { r($0 * r($1.slope)) }, row)
  }
}

// MARK: - Rows of classes

extension SteppedKernel {
  private func categorical(_ x: [Double], _ row: Row) -> [Double] {
    let greatest = isShifted ? x.reduce(start) { $1.isNaN || $0.isNaN ? .nan : max($0, $1) } : 0
    let terms = x.map { term(r(exp(r($0 - greatest)))) }
    let sum = self.sum(added(terms), x, greatest)
    let rest = r(log(sum))
    let whole = r(greatest + rest)
    func logarithm(_ index: Int) -> Double {
      if let probability { return self.logarithm(r(log(probability(r(terms[index] / sum))))) }
      return self.logarithm(
        addsMaximumBack || !isShifted ? r(x[index] - whole) : r(r(x[index] - greatest) - rest))
    }
    switch function {
    case .logSumExp: return [whole]
    case .softmax: return terms.map { r($0 / sum) }
    case .logSoftmax: return x.indices.map(logarithm)
    case .crossEntropy:
      guard row.label.map(x.indices.contains) ?? true else { return [.nan] }
      if let label = row.label, isFocal {
        let p = r(exp(logarithm(label)))
        let factor = r(pow(focus(p), gamma)) * alpha * coefficient(label, row)
        return [r(-factor * logarithm(label))]
      }
      var loss = 0.0
      for index in x.indices {
        let coefficient = coefficient(index, row)
        if coefficient != 0 { loss = r(loss - r(coefficient * logarithm(index))) }
      }
      if let factor = options.zLoss?.double { loss = r(loss + factor * square(whole, greatest).0) }
      return [loss]
    default: break
    }
    var p = terms.map { r($0 / sum) }
    if let probability { p = p.map(probability) }
    let temperature = options.temperature?.double ?? 1
    if let label = row.label, isFocal {
      let q = focus(p[label])
      var slope = pow(q, gamma)
      if differentiatesFocus, gamma > 0, p[label] > 0 {
        slope -= gamma * pow(q, gamma - 1) * p[label] * log(p[label])
      }
      let factor = slope * alpha * coefficient(label, row) / temperature
      return p.indices.map { r(factor * r(p[$0] - ($0 == label ? 1 : 0))) }
    }
    let y = x.indices.map { coefficient($0, row) }
    var sumOfTargets = total(y.reduce(0, +))
    if let factor = options.zLoss?.double { sumOfTargets += factor * square(whole, greatest).1 }
    return zip(p, y).map { r(r(r($0 * sumOfTargets) - $1) / temperature) }
  }

  private func added(_ terms: [Double]) -> Double {
    switch addition {
    case .inOrder: return terms.reduce(0) { r(term($0 + $1)) }
    case .once: return term(terms.reduce(0, +))
    case .wide: return terms.reduce(0, +)
    case .tree:
      var terms = terms
      while terms.count > 1 {
        terms = stride(from: 0, to: terms.count, by: 2).map {
          $0 + 1 < terms.count ? r(terms[$0] + terms[$0 + 1]) : terms[$0]
        }
      }
      return terms[0]
    }
  }

  private var isFocal: Bool { options.focalGamma != nil || options.focalAlpha != nil }
  private var gamma: Double { options.focalGamma?.double ?? 0 }
  private var alpha: Double { options.focalAlpha?.double ?? 1 }

  private func coefficient(_ index: Int, _ row: Row) -> Double {
    var y = row.label.map { $0 == index ? 1 : 0 } ?? row.y[index]
    if let epsilon = options.labelSmoothing?.double {
      y = smoothed(y, epsilon, function.isBinary ? 2 : Double(row.x.count))
    }
    if let weights = options.classWeights, index < weights.count { y *= weights[index].double }
    return function.isBinary ? y : r(y)
  }
}

// MARK: - One logit

extension SteppedKernel {
  private func binary(_ z: Double, _ row: Row) -> Double {
    func softplus(_ v: Double) -> Double {
      isShifted
        ? r(max(v, 0) + r(log1p(r(exp(-abs(v)))))) : r(log(r(1 + r(exp(v)))))
    }
    func sigmoid(_ v: Double) -> Double {
      guard isShifted else { return r(r(exp(v)) / r(1 + r(exp(v)))) }
      return v >= 0 ? r(1 / r(1 + r(exp(-v)))) : r(r(exp(v)) / r(1 + r(exp(v))))
    }
    func logarithms() -> (Double, Double) {
      guard let probability else { return (-softplus(-z), -softplus(z)) }
      let p = probability(sigmoid(z))
      return (r(log(p)), r(log(r(1 - p))))
    }
    let (right, wrong) = { (logarithm($0.0), logarithm($0.1)) }(logarithms())
    let y = row.y.isEmpty ? 0 : coefficient(0, row)
    let weight = options.positiveWeight?.double ?? 1
    let temperature = options.temperature?.double ?? 1
    let balance = options.focalAlpha.map { $0.double * y + (1 - $0.double) * (1 - y) } ?? 1
    let p = sigmoid(z)
    let ofTarget = y * p + (1 - y) * sigmoid(-z)
    let q = focus(ofTarget)
    switch function {
    case .sigmoid: return p
    case .logSigmoid: return right
    case .softplus: return -wrong
    case .binaryCrossEntropy:
      let loss = r(-(y == 0 ? 0 : weight * y * right) - (y == 1 ? 0 : (1 - y) * wrong))
      return isFocal ? r(balance * pow(q, gamma) * loss) : loss
    default: break
    }
    guard isFocal else {
      let probability = self.probability?(p) ?? p
      return r(r(r(probability * total(weight * y + 1 - y)) - weight * y) / temperature)
    }
    var slope = pow(q, gamma) * (p - y)
    if differentiatesFocus, gamma > 0 {
      let loss = -(y == 0 ? 0 : y * right) - (y == 1 ? 0 : (1 - y) * wrong)
      slope += gamma * (1 - 2 * y) * p * sigmoid(-z) * loss * pow(q, gamma - 1)
    }
    return r(balance * slope / temperature)
  }
}
