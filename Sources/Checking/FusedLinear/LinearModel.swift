internal import FloatFormats
package import LossFunctions
internal import Reference
internal import SmallFoundation

/// The loss of a row of logits and its derivatives in plain double arithmetic: enough to tell a mistake from a
/// rounding error, and to say how great derivatives are.
package struct LinearModel: Sendable {
  let scale: Double
  let softcap: Double?
  let temperature: Double
  let zLoss: Double
  let smoothing: Double
  let weights: [Double]?

  package init(_ options: LossOptions) {
    scale = options.scale?.double ?? 1
    softcap = options.softcap?.double
    temperature = options.temperature?.double ?? 1
    zLoss = options.zLoss?.double ?? 0
    smoothing = options.labelSmoothing?.double ?? 0
    weights = options.classWeights?.map(\.double)
  }

  /// A row's loss and what comes with it.
  package struct Row {
    var loss = 0.0
    package var logSumExp = 0.0
    /// What multiplies the softmax in the derivatives.
    var factor = 0.0
    /// The derivatives by the logits, and the same before the slope of a soft cap.
    var slopes: [Double]
    var unsloped: [Double]
  }

  /// What the loss is of, for a logit.
  package func value(_ logit: Double) -> Double {
    let scaled = scale * logit
    return (softcap.map { $0 * tanh(scaled / $0) } ?? scaled) / temperature
  }

  /// A row; `extraCount` classes more have the logit 0. The loss takes the label's own term from `labelLogit`, where that
  /// is another.
  package func row(
    _ logits: [Double], label: Int, extraCount: Int = 0, labelLogit: Double? = nil
  ) -> Row {
    let values = logits.map(value)
    let classCount = Double(logits.count)
    var greatest = values.max() ?? 0
    if extraCount > 0 { greatest = max(greatest, 0) }
    var powers = values.map { exp($0 - greatest) }
    let sum = powers.reduce(Double(extraCount) * exp(-greatest), +)
    var result = Row(slopes: [], unsloped: [])
    result.logSumExp = greatest + log(sum)
    var total = 0.0
    func coefficient(_ index: Int) -> Double {
      (weights?[index] ?? 1) * ((index == label ? 1 - smoothing : 0) + smoothing / classCount)
    }
    for index in smoothing > 0 ? logits.indices : label..<label + 1 {
      let own = coefficient(index)
      total += own
      guard own != 0 else { continue }
      let value = index == label ? labelLogit.map(value) ?? values[index] : values[index]
      result.loss += own * (result.logSumExp - value)
    }
    result.loss += zLoss * result.logSumExp * result.logSumExp
    result.factor = total + 2 * zLoss * result.logSumExp
    for index in powers.indices {
      let own = smoothing > 0 || index == label ? coefficient(index) : 0
      powers[index] = (result.factor * powers[index] / sum - own) * scale / temperature
    }
    result.unsloped = powers
    if let softcap {
      for index in powers.indices {
        // 1 − tanh² of q, with its digits.
        let decay = exp(-2 * (scale * logits[index] / softcap).magnitude)
        powers[index] *= 4 * decay / ((1 + decay) * (1 + decay))
      }
    }
    result.slopes = powers
    return result
  }
}

/// How great the derivatives of a batch's fused losses by its logits are.
struct LinearMasses: Sendable {
  /// Σ of their magnitudes in each row, and of each class over the rows.
  private(set) var rows: [Double]
  private(set) var classes: [Double]
  /// The same before the slope of a soft cap, which is 1 at most.
  private(set) var unslopedRows: [Double]
  private(set) var unslopedClasses: [Double]
  /// |log Σ e^v| of each row.
  private(set) var logSumExps: [Double]
  /// What each row's derivatives are multiplied by beside the softmax.
  private(set) var scales: [Double]

  init(_ input: LinearInput, options: LossOptions, reduction: Reduction) {
    let parts = (reduction == .mean ? options.partsOfMean : [options]).map { part in
      let divisor = reduction == .mean ? input.divisor(part) : 1
      return (model: LinearModel(part), divisor: divisor > 0 ? divisor : 1)
    }
    let counted = (0..<input.rowCount).filter { Int(input.labels[$0]) != options.ignoreIndex }
    rows = [Double](repeating: 0, count: input.rowCount)
    classes = [Double](repeating: 0, count: input.classCount)
    (unslopedRows, unslopedClasses) = (rows, classes)
    (logSumExps, scales) = (rows, rows)
    input.withLogits(of: counted) { row, logits in
      for (model, divisor) in parts {
        let computed = model.row(logits, label: Int(input.labels[row]))
        let upstream = Double(input.gradOutput?[row] ?? 1).magnitude / divisor
        logSumExps[row] = computed.logSumExp.magnitude
        let weight = model.weights?[Int(input.labels[row])] ?? 1
        scales[row] +=
          model.scale / model.temperature * upstream * max(1, weight, computed.factor.magnitude)
        for index in logits.indices {
          let (sloped, unsloped) = (
            computed.slopes[index].magnitude * upstream,
            computed.unsloped[index].magnitude * upstream
          )
          rows[row] += sloped
          classes[index] += sloped
          unslopedRows[row] += unsloped
          unslopedClasses[index] += unsloped
        }
      }
    }
  }
}

extension LinearInput {
  /// How much of rows a mean consists of: the sum of what multiplies their losses over what divides it, which is 1 where
  /// these are the same weights; and how much of their z-losses.
  func shareOfMean(_ options: LossOptions) -> (loss: Double, zLoss: Double) {
    let counted = Double(labels.count { Int($0) != options.ignoreIndex })
    var plain = options
    plain.denominator = nil
    var sum = divisor(plain)
    if let smoothing = options.labelSmoothing?.double, let weights = options.classWeights {
      let mean = weights.reduce(0) { $0 + $1.double } / Double(weights.count)
      sum = (1 - smoothing) * sum + smoothing * mean * counted
    }
    let divisors = options.partsOfMean.map { divisor($0) }.map { $0 > 0 ? $0 : 1 }
    return (sum / divisors[0], counted / divisors[divisors.count - 1])
  }
}
