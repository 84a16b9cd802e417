internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// What is done so that a logarithm of 0 does not come up, and what happens where nothing is done.

extension Mistake {
  /// min(−log p, 100), as PyTorch's BCELoss has it.
  static let clamped = Mistake(
    "log-clamped-at-100", "logarithms are clamped at −100, so that losses end there; use the logits"
  ) { evidence in
    let greatest = 100.0
    let exactly = Hypothesis { row in
      let row = DoubleModel.Row(row.input)
      let x = row.logits
      switch evidence.function {
      case .binaryCrossEntropy:
        let y = evidence.model.smoothed(row)[0]
        return [
          y * min(DoubleModel.softplus(-x[0]), greatest)
            + (1 - y) * min(DoubleModel.softplus(x[0]), greatest)
        ]
      case .crossEntropy:
        return [
          zip(evidence.model.smoothed(row), DoubleModel.logSoftmax(x)).reduce(0) {
            $1.0 == 0 ? $0 : $0 + $1.0 * min(-$1.1, greatest)
          }
        ]
      case .logSigmoid: return [max(-DoubleModel.softplus(-x[0]), -greatest)]
      case .logSoftmax: return DoubleModel.logSoftmax(x).map { max($0, -greatest) }
      default: return nil
      }
    }
    return [exactly]
      + evidence.roundedSigmoids.map { sigmoid in
        Hypothesis { row in
          let (p, q) = sigmoid(row)
          let y = evidence.model.smoothed(.init(row.input))[0]
          return [y * min(-log(p), greatest) + (1 - y) * min(-log(q), greatest)]
        }
      }
  }

  /// Probabilities clipped to [ε, 1 − ε] before the logarithm.
  static let clipped = Mistake(
    "clipped-at-epsilon",
    "probabilities are clipped before the logarithm, so that losses end at −log ε; use the logits"
  ) { evidence in
    let format = evidence.format
    return evidence.plateaus.flatMap { epsilon in
      // 1 − ε is a number of the format, which shows in the losses at that end.
      [format.nearest(1 - epsilon), 1].flatMap { greatest in
        [false, true].map { isComplement in
          Hypothesis("ε ≈ \(text(epsilon))") { row in
            evidence.loss(.init(row.input), isComplement: isComplement) {
              min(max(isComplement ? format.nearest($0) : $0, epsilon), greatest)
            }
          }
        }
      }
    }
      // Clipped, and ε added to what is clipped: losses end at −log 2ε.
      + evidence.plateaus.flatMap { twice in
        evidence.roundedSigmoids.map { sigmoid in
          Hypothesis("ε ≈ \(text(twice / 2)), also added") { row in
            let epsilon = twice / 2
            let y = evidence.model.smoothed(.init(row.input))[0]
            let p = min(max(sigmoid(row).p, epsilon), format.nearest(1 - epsilon))
            let q = format.nearest(1 - p)
            return [
              -y * log(format.nearest(p + epsilon)) - (1 - y) * log(format.nearest(q + epsilon))
            ]
          }
        }
      }
  }

  /// log(p + ε) for log p.
  static let additiveEpsilon = Mistake(
    "epsilon-added",
    "the logarithm is that of p + ε, so that losses end at −log ε; use the logits"
  ) { evidence in
    evidence.plateaus.map { epsilon in
      Hypothesis("ε ≈ \(text(epsilon))") { row in evidence.loss(.init(row.input)) { $0 + epsilon } }
    }
  }

  /// e^x without the maximum taken off.
  static let missingShift = Mistake(
    "missing-max-shift",
    "e^x overflows or underflows; take the greatest logit off before the exponential"
  ) { evidence in
    let formats = [evidence.format, .float32, .float64]
    return formats.enumerated().filter { $0.offset == 0 || $0.element != evidence.format }.map {
      _, format in
      let greatest = log(format.greatestFinite.double)
      let least = log(format.leastSubnormal.double)
      return Hypothesis("in \(format)") { row in
        let row = DoubleModel.Row(row.input)
        let right = evidence.model.outputs(row)
        let z = row.logits[0]
        let isLost: Bool
        switch evidence.function {
        case .softmax, .crossEntropyGradient:
          // Term by term: what is finite over an infinite sum is 0, and infinite over infinite NaN.
          let terms = row.logits.map { $0 > greatest ? .infinity : format.nearest(exp($0)) }
          let sum = format.nearest(terms.reduce(0, +))
          let p = terms.map { $0 / sum }
          guard evidence.function == .crossEntropyGradient else { return p }
          return zip(p, evidence.model.smoothed(row)).map { $0 - $1 }
        case .softplus: isLost = z > greatest
        // e^z/(1 + e^z): infinite over infinite.
        case .sigmoid, .binaryCrossEntropyGradient: isLost = z > greatest
        case .logSigmoid: isLost = -z > greatest
        case .binaryCrossEntropy: isLost = abs(z) > greatest
        default:
          isLost =
            DoubleModel.logSumExp(row.logits) > greatest
            || (row.logits.max() ?? 0) < least
        }
        return isLost ? right.map { _ in .infinity } : right
      }
    }
      // log(1 + e^z) − zy overflows at one end only.
      + formats.map { format in
        let greatest = log(format.greatestFinite.double)
        return Hypothesis("in \(format)") { row in
          let row = DoubleModel.Row(row.input)
          guard evidence.function == .binaryCrossEntropy else { return nil }
          return row.logits[0] > greatest ? [.infinity] : evidence.model.outputs(row)
        }
      }
  }

  /// The logarithm of a probability that has been rounded to the format.
  static let roundedProbability = Mistake(
    "log-of-probability",
    "the loss is the logarithm of a rounded probability, 0 or 1 where it is near; use the logits"
  ) { evidence in
    let unit = evidence.unitRoundoff
    let least = evidence.format.leastSubnormal.double / 2
    return [
      Hypothesis { row in
        // What is below half a unit beside 1 is lost, and so is what underflows.
        evidence.loss(.init(row.input)) { $0 < least ? 0 : $0 > 1 - unit / 2 ? 1 : $0 }
      }
    ]
      + evidence.roundedSigmoids.map { sigmoid in
        Hypothesis { row in
          // Both terms, whatever y is: 0 · log 0 is NaN.
          let (p, q) = sigmoid(row)
          let y = evidence.model.smoothed(.init(row.input))[0]
          return [-y * log(p) - (1 - y) * log(q)]
        }
      }
  }

  /// −1/pₜ times the softmax's derivative, for p − y.
  static let chainThroughProbability = Mistake(
    "chain-rule-through-p",
    "the gradient goes through 1/p, which is infinite where p is 0; use p − y"
  ) { evidence in
    let least = evidence.format.leastSubnormal.double / 2
    return [least, evidence.format.leastNormal.double].map { limit in
      Hypothesis { row in
        let row = DoubleModel.Row(row.input)
        let right = evidence.model.outputs(row)
        switch evidence.function {
        case .binaryCrossEntropyGradient:
          let z = row.logits[0]
          let p = DoubleModel.sigmoid(row.probabilities[0] == 1 ? z : -z)
          return p < limit ? [.nan] : right
        case .crossEntropyGradient:
          guard let label = row.label, row.logits.indices.contains(label) else { return nil }
          return DoubleModel.softmax(row.logits)[label] < limit ? right.map { _ in .nan } : right
        default: return nil
        }
      }
    }
  }

  /// Two digits of a number.
  private static func text(_ value: Double) -> String { value.printed("%.2g") }
}

extension Evidence {
  /// The sigmoid and 1 less it as a binary loss from probabilities has them: of the exact sigmoid, and
  /// of 1/(1 + e^−z) rounded step by step.
  fileprivate var roundedSigmoids: [@Sendable (Observation) -> (p: Double, q: Double)] {
    guard function == .binaryCrossEntropy else { return [] }
    let format = format
    return [
      { row in
        let p = format.nearest(DoubleModel.sigmoid(row.input.logits[0].double))
        return (p, format.nearest(1 - p))
      },
      { row in
        let power = format.nearest(exp(-row.input.logits[0].double))
        let p = format.nearest(1 / format.nearest(1 + power))
        return (p, format.nearest(1 - p))
      },
    ]
  }

  /// The ε that the largest losses suggest: e^−loss where several wrong rows end at one loss.
  fileprivate var plateaus: [Double] {
    guard [.binaryCrossEntropy, .crossEntropy, .logSigmoid, .logSoftmax].contains(function) else {
      return []
    }
    var tops: [Double] = []
    for row in rows {
      for (computed, exact) in zip(row.computedValues, row.exactValues) {
        let (one, other) = (computed.magnitude, exact.magnitude)
        if one.isFinite, one > 1, other > 1.05 * one { tops.append(one) }
      }
    }
    guard let top = tops.max() else { return [] }
    let same = tops.filter { ($0 - top).magnitude < 0.02 * top }
    guard same.count >= 3, let least = same.min() else { return [] }
    // The two ends of a binary loss may differ by a rounding of 1 − ε.
    return least == top ? [exp(-top)] : [exp(-top), exp(-least)]
  }

  /// The loss of a row with its probabilities changed before the logarithm; nil for functions that
  /// have none.
  ///
  /// - Parameter isComplement: Whether the binary loss takes 1 − p of the changed p, and not another
  ///   sigmoid.
  fileprivate func loss(
    _ row: DoubleModel.Row, isComplement: Bool = false, _ change: (Double) -> Double
  ) -> [Double]? {
    let x = row.logits
    switch function {
    case .binaryCrossEntropy:
      let y = model.smoothed(row)[0]
      let p = change(DoubleModel.sigmoid(x[0]))
      let q = isComplement ? 1 - p : change(DoubleModel.sigmoid(-x[0]))
      return [(y == 0 ? 0 : -y * log(p)) + (y == 1 ? 0 : -(1 - y) * log(q))]
    case .crossEntropy:
      var loss = 0.0
      for (y, p) in zip(model.smoothed(row), DoubleModel.softmax(x)) where y != 0 {
        loss -= y * log(change(p))
      }
      return [loss]
    case .logSigmoid: return [log(change(DoubleModel.sigmoid(x[0])))]
    case .logSoftmax: return DoubleModel.softmax(x).map { log(change($0)) }
    default: return nil
    }
  }
}
