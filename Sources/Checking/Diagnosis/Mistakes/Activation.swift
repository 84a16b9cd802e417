internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// What is done to the logits before the loss, or what they are taken for.

extension Mistake {
  /// f(softmax(x)) for f(x): probabilities handed to a loss that takes logits.
  static let activationTwice = Mistake(
    "activation-twice",
    "softmax or sigmoid is applied twice, or probabilities are taken for logits; hand over the logits"
  ) { evidence in
    let isBinary = evidence.function.isBinary
    return evidence.handingOver(isBinary ? "sigmoid" : "softmax") {
      isBinary ? [DoubleModel.sigmoid($0[0])] : DoubleModel.softmax($0)
    }
      + evidence.handingOver(isBinary ? nil : "sigmoid, then softmax") {
        $0.map(DoubleModel.sigmoid)
      }
      + evidence.handingOver("log-sigmoid") { $0.map { -DoubleModel.softplus(-$0) } }
  }

  /// −log x for −log softmax(x): logits handed to a loss that takes probabilities.
  static let logitsAsProbabilities = Mistake(
    "logits-as-probabilities",
    "logits are taken for probabilities; apply the activation, or use the loss from logits"
  ) { evidence in
    guard evidence.function == .binaryCrossEntropy || evidence.function == .crossEntropy else {
      return []
    }
    let (model, isBinary) = (evidence.model, evidence.function.isBinary)
    @Sendable func loss(_ row: DoubleModel.Row, _ p: [Double]) -> [Double] {
      guard !model.isIgnored(row) else { return [0] }
      if isBinary {
        let y = model.coefficient(0, row)
        let weight = evidence.options.positiveWeight?.double ?? 1
        return [(y == 0 ? 0 : -weight * y * log(p[0])) - (y == 1 ? 0 : (1 - y) * log(1 - p[0]))]
      }
      return [
        p.indices.reduce(0) { sum, index in
          let y = model.coefficient(index, row)
          return y == 0 ? sum : sum - y * log(p[index])
        }
      ]
    }
    let plain = [
      Hypothesis { row in loss(row.row, model.scaled(row.row)) },
      // −x for −log p: logits handed to a loss that takes logarithms of probabilities.
      Hypothesis(isBinary ? nil : "as their logarithms") { row in
        guard !isBinary else { return nil }
        guard !model.isIgnored(row.row) else { return [0] }
        let x = model.scaled(row.row)
        return [x.indices.reduce(0) { $0 - model.coefficient($1, row.row) * x[$1] }]
      },
    ]
    return plain
      + [1e-7, 1e-8, 1e-12, 1e-15].flatMap { epsilon in
        [false, true].map { isNormalised in
          Hypothesis("clipped at \(epsilon)" + (isNormalised ? ", normalised" : "")) { row in
            var p = model.scaled(row.row)
            if isNormalised {
              guard !isBinary else { return nil }
              let sum = p.reduce(0, +)
              p = p.map { $0 / sum }
            }
            let greatest = evidence.format.nearest(1 - epsilon)
            return loss(row.row, p.map { min(max($0, epsilon), greatest) })
          }
        }
      }
  }

  /// f(−x) for f(x): distances taken for likenesses, or the classes of a binary loss exchanged.
  static let logitsNegated = Mistake(
    "logits-negated",
    "the logits have the opposite sign, or the two targets of a binary loss are exchanged"
  ) { evidence in
    switch evidence.function {
    case .sigmoid, .softplus, .logSigmoid, .logSumExp: return []
    default: break
    }
    let model = evidence.model
    let negated = Hypothesis { row in model.outputs(row.row.with(row.row.logits.map { -$0 })) }
    guard evidence.function.isGradient else { return [negated] }
    let ofLogits = Hypothesis("with the chain rule") { row in
      model.outputs(row.row.with(row.row.logits.map { -$0 })).map { -$0 }
    }
    return [negated, ofLogits]
  }

  /// z for log(1 + e^z) from a bound on, or 0 for it below one.
  static let softplusCutOff = Mistake(
    "softplus-cut-off",
    "log(1 + e^z) is taken for z or 0 where z is large, too early for the format; use log1p throughout"
  ) { evidence in
    guard evidence.function == .softplus || evidence.function == .logSigmoid else { return [] }
    let model = evidence.model
    let sign: Double = evidence.function == .softplus ? 1 : -1
    return [3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 30].flatMap { bound in
      [true, false].map { isAbove in
        Hypothesis(isAbove ? "z above \(bound)" : "0 below −\(bound)") { row in
          let z = sign * row.row.logits[0]
          guard isAbove ? z > Double(bound) : z < -Double(bound) else {
            return model.outputs(row.row)
          }
          return [isAbove ? sign * z : 0]
        }
      }
    }
  }

  /// f(max(x, 0)) for f(x).
  static let reluFirst = Mistake(
    "relu-first", "negative logits count as 0; leave the relu out of the last layer"
  ) { evidence in evidence.handingOver(nil) { $0.map { max($0, 0) } } }

  /// A sigmoid of each class for the softmax of all.
  static let sigmoidForSoftmax = Mistake(
    "sigmoid-for-softmax", "each class has a sigmoid of its own; they are to share a softmax"
  ) { evidence in
    guard !evidence.function.isBinary else { return [] }
    let model = evidence.model
    return [
      Hypothesis { row in
        let x = model.scaled(row.row)
        let y = x.indices.map { model.coefficient($0, row.row) }
        switch evidence.function {
        case .softmax: return x.map(DoubleModel.sigmoid)
        case .logSoftmax: return x.map { -DoubleModel.softplus(-$0) }
        case .crossEntropy:
          return [zip(x, y).reduce(0) { $0 + $1.1 * DoubleModel.softplus(-$1.0) }]
        case .crossEntropyGradient:
          return zip(x, y).map { (DoubleModel.sigmoid($0) - $1) / model.temperature }
        default: return nil
        }
      },
      Hypothesis("and the losses of all are added") { row in
        let x = model.scaled(row.row)
        guard evidence.function == .crossEntropy, !model.isIgnored(row.row) else { return nil }
        return [
          x.indices.reduce(0) { sum, index in
            let y = model.coefficient(index, row.row)
            return sum + DoubleModel.softplus(x[index]) - y * x[index]
          }
        ]
      },
    ]
  }

  /// Logits that are cut or bent at some value.
  static let logitsCapped = Mistake(
    "logits-capped",
    "the logits are cut at some value, or bent towards it; do so only where asked for"
  ) { evidence in
    [10, 15, 20, 30, 50, 60, 80, 88, 100, 1000, 10_000].flatMap { cap -> [Hypothesis] in
      // It is the logarithm of a probability that ends at 100.
      let clipped = evidence.handingOver("clipped to ±\(Int(cap))") {
        $0.map { min(max($0, -cap), cap) }
      }.map { cap == 100 ? $0.doubted() : $0 }
      let bent = evidence.handingOver("\(Int(cap))·tanh(x/\(Int(cap)))") {
        $0.map { cap * tanh($0 / cap) }
      }
      let cut = evidence.handingOver("clipped to at most \(Int(cap))") {
        $0.map { min($0, cap) }
      }
      return clipped + bent + cut
    }
  }

  /// The logits times a factor.
  static let logitsScaled = Mistake(
    "logits-scaled", "the logits are scaled before the loss"
  ) { evidence in
    [("halved", 0.5), ("doubled", 2), ("negated", -1), ("times log₂ e", 1 / log(2.0))].flatMap {
      text, factor in
      evidence.handingOver(text) { $0.map { $0 * factor } }.map { $0.doubted() }
    }
  }

  /// log Σ e^x without the target's logit.
  static let targetLogitLeftOut = Mistake(
    "target-logit-left-out", "the loss is log Σ e^x; take the target's logit off"
  ) { evidence in
    let model = evidence.model
    switch evidence.function {
    case .crossEntropy where evidence.options.focalGamma == nil:
      return [
        Hypothesis { row in
          guard !model.isIgnored(row.row) else { return [0] }
          let x = model.scaled(row.row)
          let total = x.indices.reduce(0) { sum, index in
            let y = model.coefficient(index, row.row)
            return y == 0 ? sum : sum + y * x[index]
          }
          return model.outputs(row.row).map { $0 + total }
        }
      ]
    case .binaryCrossEntropy:
      return [Hypothesis { row in [DoubleModel.softplus(model.scaled(row.row)[0])] }]
    default: return []
    }
  }
}

extension Evidence {
  /// The functions of other logits, which stand in the place of the row's.
  func handingOver(
    _ detail: String?, _ change: @escaping @Sendable ([Double]) -> [Double]
  ) -> [Hypothesis] {
    let model = model
    let before = Hypothesis(detail) { row in
      model.outputs(row.row.with(change(row.row.logits)))
    }
    guard options.temperature != nil else { return [before] }
    // They are divided by the temperature first.
    let plain = model.with { $0.temperature = nil }
    let factor = function.isGradient ? 1 / model.temperature : 1
    let after = Hypothesis(detail) { row in
      plain.outputs(row.row.with(change(model.scaled(row.row)))).map { $0 * factor }
    }
    return [before, after]
  }
}

extension DoubleModel {
  /// The model with another number for log p, of each class and of both sides.
  func takingLogarithm(_ change: @escaping @Sendable (Double) -> Double) -> DoubleModel {
    taking {
      $0.logarithm = change
      $0.binaryLogarithms = { z in
        (change(-DoubleModel.softplus(-z)), change(-DoubleModel.softplus(z)))
      }
    }
  }
}
