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
    let model = evidence.model
    let isBinary = evidence.function.isBinary
    return [
      Hypothesis(isBinary ? "sigmoid" : "softmax") { row in
        let row = DoubleModel.Row(row.input)
        let p = isBinary ? [DoubleModel.sigmoid(row.logits[0])] : DoubleModel.softmax(row.logits)
        return model.outputs(row.with(p))
      },
      Hypothesis(isBinary ? nil : "sigmoid, then softmax") { row in
        let row = DoubleModel.Row(row.input)
        return model.outputs(row.with(row.logits.map(DoubleModel.sigmoid)))
      },
      Hypothesis("log-softmax") { row in
        let row = DoubleModel.Row(row.input)
        guard isBinary else { return nil }
        return model.outputs(row.with([-DoubleModel.softplus(-row.logits[0])]))
      },
    ]
  }

  /// −log x for −log softmax(x): logits handed to a loss that takes probabilities.
  static let logitsAsProbabilities = Mistake(
    "logits-as-probabilities",
    "logits are taken for probabilities; apply the activation, or use the loss from logits"
  ) { evidence in
    guard evidence.function == .binaryCrossEntropy || evidence.function == .crossEntropy else {
      return []
    }
    let isBinary = evidence.function.isBinary
    @Sendable func loss(_ p: [Double], _ y: [Double]) -> [Double] {
      if isBinary {
        let terms = [
          y[0] == 0 ? 0 : -y[0] * log(p[0]), y[0] == 1 ? 0 : -(1 - y[0]) * log(1 - p[0]),
        ]
        return [terms[0] + terms[1]]
      }
      var sum = 0.0
      for (p, y) in zip(p, y) where y != 0 { sum -= y * log(p) }
      return [sum]
    }
    let plain = [
      Hypothesis { row in
        let row = DoubleModel.Row(row.input)
        return loss(row.logits, row.probabilities)
      },
      // −x for −log p: logits handed to a loss that takes logarithms of probabilities.
      Hypothesis(isBinary ? nil : "as their logarithms") { row in
        let row = DoubleModel.Row(row.input)
        guard !isBinary else { return nil }
        return [zip(row.logits, row.probabilities).reduce(0) { $0 - $1.0 * $1.1 }]
      },
    ]
    return plain
      + [1e-7, 1e-8, 1e-12, 1e-15].flatMap { epsilon in
        [false, true].map { isNormalised in
          Hypothesis("clipped at \(epsilon)" + (isNormalised ? ", normalised" : "")) { row in
            let row = DoubleModel.Row(row.input)
            var p = row.logits
            if isNormalised {
              guard !isBinary else { return nil }
              let sum = p.reduce(0, +)
              p = p.map { $0 / sum }
            }
            let greatest = evidence.format.nearest(1 - epsilon)
            return loss(p.map { min(max($0, epsilon), greatest) }, row.probabilities)
          }
        }
      }
  }

  /// f(max(x, 0)) for f(x).
  static let reluFirst = Mistake(
    "relu-first", "negative logits count as 0; leave the relu out of the last layer"
  ) { row, evidence in evidence.model.outputs(row.with(row.logits.map { max($0, 0) })) }
}
