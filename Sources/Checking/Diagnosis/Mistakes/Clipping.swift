internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// What is done so that a logarithm of 0 does not come up, and what happens where nothing is done.

extension Mistake {
  /// min(−log p, 100), as PyTorch's BCELoss has it.
  static let clamped = Mistake(
    "log-clamped-at-100", "logarithms are clamped at −100, so that losses end there; use the logits"
  ) { evidence in
    let model = evidence.model
    let isOfLosses = evidence.function.isLossOfProbabilities
    guard isOfLosses else { return [] }
    return [Hypothesis(nil, model.takingLogarithm { max($0, -100) })]
      + evidence.roundedSigmoids.map { sigmoid in
        Hypothesis(
          nil,
          model.taking {
            $0.binaryLogarithms = { z in
              let (p, q) = sigmoid(z)
              return (max(log(p), -100), max(log(q), -100))
            }
          })
      }
  }

  /// Probabilities clipped to [ε, 1 − ε] before the logarithm.
  static let clipped = Mistake(
    "clipped-at-epsilon",
    "probabilities are clipped before the logarithm, so that losses end at −log ε; use the logits"
  ) { evidence in
    let (model, format) = (evidence.model, evidence.format)
    guard evidence.function.isLossOfProbabilities else { return [] }
    let clipped = evidence.plateaus.flatMap { epsilon in
      // 1 − ε is a number of the format that is computed in, which shows in the losses at that end.
      (evidence.computingFormats.map { $0.nearest(1 - epsilon) } + [1]).flatMap {
        greatest -> [Hypothesis] in
        let detail = "ε ≈ \(text(epsilon))"
        return [
          Hypothesis(
            detail, model.takingLogarithm { log(min(max(exp($0), epsilon), greatest)) })
        ]
          + evidence.roundedSigmoids.map { sigmoid in
            Hypothesis(
              detail,
              model.taking {
                $0.binaryLogarithms = { z in
                  let p = min(max(sigmoid(z).p, epsilon), greatest)
                  return (log(p), log(1 - p))
                }
              })
          }
      }.map { isRound(epsilon) ? $0 : $0.doubted() }
    }
    // Clipped, and ε added to what is clipped: losses end at −log 2ε.
    let added = evidence.plateaus.flatMap { twice in
      evidence.roundedSigmoids.map { sigmoid in
        let epsilon = twice / 2
        return Hypothesis(
          "ε ≈ \(text(epsilon)), also added",
          model.taking {
            $0.binaryLogarithms = { z in
              let p = min(max(sigmoid(z).p, epsilon), format.nearest(1 - epsilon))
              let q = format.nearest(1 - p)
              return (log(format.nearest(p + epsilon)), log(format.nearest(q + epsilon)))
            }
          })
      }
    }
    return clipped + added
  }

  /// log(p + ε) for log p.
  static let additiveEpsilon = Mistake(
    "epsilon-added",
    "the logarithm is that of p + ε, so that losses end at −log ε; use the logits"
  ) { evidence in
    guard evidence.function.isLossOfProbabilities else { return [] }
    return evidence.plateaus.map { epsilon in
      let hypothesis = Hypothesis(
        "ε ≈ \(text(epsilon))", evidence.model.takingLogarithm { log(exp($0) + epsilon) })
      return isRound(epsilon) ? hypothesis : hypothesis.doubted()
    }
  }

  /// Whether a number is one that people choose: near a power of ten.
  private static func isRound(_ epsilon: Double) -> Bool {
    let exponent = log10(epsilon)
    // 1 − ε has been rounded, where 1 less it is what is seen.
    return (exponent - exponent.rounded()).magnitude < 0.1
  }

  /// e^x without the maximum taken off.
  static let missingShift = Mistake(
    "missing-max-shift",
    "e^x overflows or underflows; take the greatest logit off before the exponential"
  ) { evidence in
    let model = evidence.model
    var formats = [evidence.format]
    for other in [FloatFormat.float32, .float64] where !formats.contains(other) {
      formats.append(other)
    }
    return formats.flatMap { format in
      let greatest = log(format.greatestFinite.double)
      let least = log(format.leastSubnormal.double)
      // What is finite over an infinite sum is 0, and infinite over infinite NaN; log 0 is infinite.
      let ofRows = Hypothesis("in \(format)") { row in
        let right = model.outputs(row.row)
        let x = model.scaled(row.row)
        let z = x[0]
        let isLost: Bool
        switch evidence.function {
        case .softmax, .crossEntropyGradient:
          let terms = x.map { $0 > greatest ? .infinity : format.nearest(exp($0)) }
          let sum = format.nearest(terms.reduce(0, +))
          let p = terms.map { $0 / sum }
          guard evidence.function == .crossEntropyGradient else { return p }
          guard evidence.options.focalGamma == nil, !model.isIgnored(row.row) else { return right }
          let exact = DoubleModel.softmax(x)
          // Where nothing is lost the right ones have more digits.
          guard zip(p, exact).contains(where: { !(abs($0 - $1) <= 0x1p-8 * $1) }) else {
            return right
          }
          let y = p.indices.map { model.coefficient($0, row.row) }
          let total = y.reduce(0, +)
          return zip(p, y).map { ($0 * total - $1) / model.temperature }
        // e^z/(1 + e^z): infinite over infinite.
        case .softplus, .sigmoid, .binaryCrossEntropyGradient: isLost = z > greatest
        case .logSigmoid: isLost = -z > greatest
        case .binaryCrossEntropy: isLost = abs(z) > greatest
        default:
          let sum = DoubleModel.logSumExp(x)
          isLost = sum > greatest || (x.max() ?? 0) < least
          // Where it is not, it is the logarithm that is rounded before a logit is taken off.
          let rounded = format.nearest(sum)
          guard !isLost, evidence.function != .logSumExp, rounded.isFinite else { break }
          return model.taking { $0.excess = { _, greatest in rounded - greatest } }.outputs(row.row)
        }
        return isLost ? right.map { _ in .infinity } : right
      }
      // log(1 + e^z) − zy overflows at one end only.
      let ofOneEnd = Hypothesis("in \(format)") { row in
        guard evidence.function == .binaryCrossEntropy else { return nil }
        return model.scaled(row.row)[0] > greatest ? [.infinity] : model.outputs(row.row)
      }
      return evidence.function == .binaryCrossEntropy ? [ofRows, ofOneEnd] : [ofRows]
    }
  }

  /// The logarithm of a probability that has been rounded to the format.
  static let roundedProbability = Mistake(
    "log-of-probability",
    "the loss is the logarithm of a rounded probability, 0 or 1 where it is near; use the logits"
  ) { evidence in
    let model = evidence.model
    guard evidence.function.isLossOfProbabilities else { return [] }
    let unit = max(evidence.format.unitRoundoff, evidence.outputFormat.unitRoundoff)
    let least = evidence.format.leastSubnormal.double / 2
    return [
      // What is below half a unit beside 1 is lost, and so is what underflows.
      Hypothesis(
        nil,
        model.takingLogarithm {
          let p = exp($0)
          return p < least ? -.infinity : p > 1 - unit / 2 ? 0 : $0
        })
    ]
      + evidence.computingFormats.map { format in
        Hypothesis("rounded to \(format)", model.takingLogarithm { log(format.nearest(exp($0))) })
      }
      + evidence.roundedSigmoids.flatMap { sigmoid -> [Hypothesis] in
        let rounded = model.taking {
          $0.binaryLogarithms = { z in
            let (p, q) = sigmoid(z)
            return (log(p), log(q))
          }
        }
        // Both terms, whatever y is: 0 · log 0 is NaN.
        let both = Hypothesis { row in
          let (p, q) = sigmoid(model.scaled(row.row)[0])
          let outputs = rounded.outputs(row.row)
          return p == 0 || q == 0 ? outputs.map { _ in .nan } : outputs
        }
        return [Hypothesis(nil, rounded), both]
      }
  }

  /// Two digits of a number.
  private static func text(_ value: Double) -> String { value.printed("%.2g") }
}

extension LossFunction {
  /// Whether it is a logarithm of probabilities.
  var isLossOfProbabilities: Bool {
    switch self {
    case .binaryCrossEntropy, .crossEntropy, .logSigmoid, .logSoftmax: true
    default: false
    }
  }
}

extension Evidence {
  /// The sigmoid and 1 less it as a binary loss from probabilities has them: of the exact sigmoid, and
  /// of 1/(1 + e^−z) rounded step by step.
  fileprivate var roundedSigmoids: [@Sendable (_ z: Double) -> (p: Double, q: Double)] {
    guard function == .binaryCrossEntropy else { return [] }
    return computingFormats.flatMap { format -> [@Sendable (Double) -> (p: Double, q: Double)] in
      [
        { z in
          let p = format.nearest(DoubleModel.sigmoid(z))
          return (p, format.nearest(1 - p))
        },
        { z in
          let p = format.nearest(1 / format.nearest(1 + format.nearest(exp(-z))))
          return (p, format.nearest(1 - p))
        },
        { z in
          let power = format.nearest(exp(-abs(z)))
          let p = format.nearest((z < 0 ? power : 1) / format.nearest(1 + power))
          return (p, format.nearest(1 - p))
        },
      ]
    }
  }

  /// The ε that the largest losses suggest: e^−loss where several wrong rows end at one loss.
  fileprivate var plateaus: [Double] {
    guard function.isLossOfProbabilities else { return [] }
    if let assumedEpsilons { return assumedEpsilons }
    var tops: [Double] = []
    // What is weighted, or a sum of several, ends elsewhere.
    let isScaled = !options.present.subtracting([.temperature, .ignoreIndex]).isEmpty
    for row in rows {
      for (computed, exact) in zip(row.computed, row.exact) {
        let (one, other) = (computed.magnitude, exact.magnitude)
        if one.isFinite, one > 1, other > 1.05 * one { tops.append(one) }
      }
    }
    guard let top = tops.max() else { return [] }
    let same = tops.filter { ($0 - top).magnitude < 0.02 * top }
    if isScaled { return [1e-7, 1e-8, 1e-12, 1e-15, 1e-6, 1e-5, 1e-4, 1e-10, 1e-3] }
    guard same.count >= 3, let least = same.min() else { return [] }
    // The two ends of a binary loss may differ by a rounding of 1 − ε.
    return least == top ? [exp(-top)] : [exp(-top), exp(-least)]
  }
}
