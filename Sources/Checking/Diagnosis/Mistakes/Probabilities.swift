internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// What goes wrong where the loss is given probabilities, or their logarithms.

extension Mistakes {
  /// The mistakes of losses of probabilities.
  public static let ofProbabilities: [Mistake] = [
    .signFlippedOfProbabilities, .probabilitiesAsLogits, .logarithmLeftOut, .logarithmTwice,
    .gradientByLogit, .probabilitiesClamped, .probabilitiesClipped, .epsilonAddedToProbability,
    .dividedBySum, .complementRounded, .gradientFloored, .gradientOfClip, .gradientAtClip,
  ]

  /// Those that what is seen may come from.
  static func possible(_ options: LossOptions) -> [Mistake] {
    options.input == .logits ? all : ofProbabilities
  }
}

extension Mistake {
  static let signFlippedOfProbabilities = Mistake(
    "sign-flipped", "the sign is the other one; negate the outputs"
  ) { evidence in
    [Hypothesis { evidence.model.outputs($0.row).map { -$0 } }]
  }

  /// σ or softmax of what is a probability already.
  static let probabilitiesAsLogits = Mistake(
    "probabilities-as-logits",
    "the probabilities are taken for logits, and squashed again; say from_logits=False, or hand over logits"
  ) { evidence in
    var model = evidence.model
    model.options.input = .logits
    let ofLogits = model
    return [Hypothesis { ofLogits.outputs($0.row) }]
  }

  /// −p for −log p: NLLLoss of probabilities.
  static let logarithmLeftOut = Mistake(
    "logarithm-left-out", "the probabilities are taken for their logarithms; NLLLoss takes log p"
  ) { evidence in
    guard evidence.options.input == .probabilities, !evidence.function.isBinary else { return [] }
    var model = evidence.model
    model.options.input = .logProbabilities
    let ofLogarithms = model
    return [Hypothesis { ofLogarithms.outputs($0.row) }]
  }

  /// −log(log p), of negative numbers.
  static let logarithmTwice = Mistake(
    "logarithm-taken-twice", "the logarithm is taken of what is one already, which is NaN"
  ) { evidence in
    guard evidence.options.input == .logProbabilities, !evidence.function.isGradient else {
      return []
    }
    return [Hypothesis { $0.row.logits.allSatisfy { $0 < 0 } ? [.nan] : nil }]
  }

  /// p − y for the derivative by p.
  static let gradientByLogit = Mistake(
    "gradient-by-logit", "the derivative is that by the logit, p − y, not that by p"
  ) { evidence in
    guard evidence.function.isGradient, evidence.options.input == .probabilities else { return [] }
    let model = evidence.model
    return [
      Hypothesis { observation in
        let row = observation.row
        let total = row.logits.indices.reduce(0) { $0 + model.coefficient($1, row) }
        let sum = evidence.function.isBinary ? 1 : total
        return row.logits.indices.map { row.logits[$0] * sum - model.coefficient($0, row) }
      }
    ]
  }

  /// min(−log p, 100), as PyTorch's BCELoss has it.
  static let probabilitiesClamped = Mistake(
    "log-clamped-at-100", "logarithms are clamped at −100, so that losses end there; use the logits"
  ) { evidence in
    evidence.ofLogarithms {
      $0.logarithm = { max(log($0), -100) }
      $0.complement = { max(log1p(-$0), -100) }
    }
  }

  /// Probabilities clipped to [ε, 1 − ε] before the logarithm.
  static let probabilitiesClipped = Mistake(
    "clipped-at-epsilon",
    "probabilities are clipped before the logarithm, so that losses end at −log ε; use the logits"
  ) { evidence in
    evidence.clippings.flatMap { epsilon in
      evidence.computingFormats.flatMap { format in
        [format.nearest(1 - epsilon), 1].flatMap { greatest in
          let clip: @Sendable (Double) -> Double = { min(max($0, epsilon), greatest) }
          return evidence.ofLogarithms("ε ≈ \(text(epsilon))") {
            $0.numbers = { $0.map(clip) }
            $0.complement = { log(format.nearest(1 - $0)) }
          }
            + evidence.ofLogarithms("ε ≈ \(text(epsilon))") {
              $0.numbers = { format.dividedBySum($0).map(clip) }
            }
        }
      }
    }
  }

  /// log(p + ε) for log p.
  static let epsilonAddedToProbability = Mistake(
    "epsilon-added", "the logarithm is that of p + ε, so that losses end at −log ε; use the logits"
  ) { evidence in
    evidence.clippings.flatMap { epsilon in
      evidence.computingFormats.flatMap { format in
        evidence.ofLogarithms("ε ≈ \(text(epsilon))") {
          $0.logarithm = { log(format.nearest($0 + epsilon)) }
          $0.complement = { log(format.nearest(format.nearest(1 - $0) + epsilon)) }
        }
      }
    }
  }

  /// −log(p/Σp), which the rounding of p moves.
  static let dividedBySum = Mistake(
    "divided-by-sum",
    "the probabilities are divided by their sum, which their rounding has left beside 1"
  ) { evidence in
    guard !evidence.function.isBinary else { return [] }
    let ofGradient = evidence.gradientOfQuotients(between: 0, and: .infinity)
    return ofGradient
      + evidence.computingFormats.flatMap { format in
        evidence.ofLogarithms { $0.numbers = { format.dividedBySum($0) } }
      } + evidence.ofLogarithms { $0.numbers = { p in p.map { $0 / p.reduce(0, +) } } }
  }

  /// log(1 − p) of a difference that was rounded.
  static let complementRounded = Mistake(
    "complement-rounded", "1 − p is rounded before its logarithm is taken; use log1p(−p)"
  ) { evidence in
    guard evidence.function.isBinary else { return [] }
    return evidence.computingFormats.flatMap { format in
      evidence.ofLogarithms("in \(format)") { $0.complement = { log(format.nearest(1 - $0)) } }
    }
  }

  /// (p − y)/max(p(1 − p), ε), as PyTorch's BCELoss has it.
  static let gradientFloored = Mistake(
    "gradient-floored", "the gradient's denominator p(1 − p) is at least 1e-12; use the logits"
  ) { evidence in
    guard evidence.function == .binaryCrossEntropyGradient,
      evidence.options.input == .probabilities
    else { return [] }
    let model = evidence.model
    return [
      Hypothesis { observation in
        let (p, y) = (observation.row.logits[0], model.coefficient(0, observation.row))
        let a = (model.options.positiveWeight?.double ?? 1) * y
        return [((1 - y) * p - a * (1 - p)) / max(p * (1 - p), 1e-12)]
      }
    ]
  }

  /// 0 where p is clipped: the derivative of min and max.
  static let gradientOfClip = Mistake(
    "clip-without-gradient",
    "probabilities are clipped before the logarithm, so that the gradient is 0 beyond ε; use the logits"
  ) { evidence in
    guard evidence.function.isGradient, evidence.options.input == .probabilities else { return [] }
    let model = evidence.model
    return Evidence.knownClippings.flatMap { epsilon -> [Hypothesis] in
      let greatest = evidence.format.nearest(1 - epsilon)
      let isLeft: @Sendable (Double) -> Bool = { $0 < epsilon || $0 > greatest }
      let plain = Hypothesis("ε ≈ \(text(epsilon))") { observation in
        zip(observation.row.logits, model.outputs(observation.row)).map { isLeft($0) ? 0 : $1 }
      }
      guard !evidence.function.isBinary else { return [plain] }
      return [plain]
        + evidence.gradientOfQuotients(between: epsilon, and: greatest, "ε ≈ \(text(epsilon))")
    }
  }

  /// The derivative at the clipped p, as if the clip had none: (p − y)/(p(1 − p)) after min and max.
  static let gradientAtClip = Mistake(
    "gradient-at-clipped-probability",
    "the derivative is that at a clipped probability, so that it ends at 1/ε; use the logits"
  ) { evidence in
    guard evidence.function.isGradient, evidence.options.input == .probabilities else { return [] }
    let model = evidence.model
    return evidence.clippings.flatMap { epsilon in
      (evidence.computingFormats.map { $0.nearest(1 - epsilon) } + [1]).map { greatest in
        var steps = DoubleModel.ProbabilitySteps()
        steps.numbers = { $0.map { min(max($0, epsilon), greatest) } }
        let clipped = steps
        return Hypothesis(
          "ε ≈ \(text(epsilon))", row: { model.outputs(ofProbabilities: $0.row, clipped) })
      }
    }
  }

  /// Two digits of a number.
  private static func text(_ value: Double) -> String { value.printed("%.2g") }
}

extension FloatFormat {
  /// Numbers over their sum, each step rounded; of one number, itself.
  fileprivate func dividedBySum(_ numbers: [Double]) -> [Double] {
    guard numbers.count > 1 else { return numbers }
    let sum = numbers.reduce(0) { nearest($0 + $1) }
    return numbers.map { nearest($0 / sum) }
  }
}

extension Evidence {
  /// The loss with its steps taken another way; none for gradients, and of logarithms.
  fileprivate func ofLogarithms(
    _ detail: String? = nil, _ change: (inout DoubleModel.ProbabilitySteps) -> Void
  ) -> [Hypothesis] {
    guard !function.isGradient, options.input == .probabilities else { return [] }
    var steps = DoubleModel.ProbabilitySteps()
    change(&steps)
    let (model, changed) = (model, steps)
    return [Hypothesis(detail, row: { model.outputs(ofProbabilities: $0.row, changed) })]
  }

  /// The gradient of a categorical loss of p over the sum of the row, where quotients beyond two ends count
  /// nothing; none for other functions.
  fileprivate func gradientOfQuotients(
    between least: Double, and greatest: Double, _ detail: String? = nil
  ) -> [Hypothesis] {
    guard function.isGradient, !function.isBinary, options.input == .probabilities else {
      return []
    }
    let model = model
    return [
      Hypothesis(detail) { observation in
        let row = observation.row
        guard !model.isIgnored(row) else { return row.logits.map { _ in 0 } }
        let sum = row.logits.reduce(0, +)
        let coefficients = row.logits.indices.map { index in
          let quotient = row.logits[index] / sum
          return quotient < least || quotient > greatest ? 0 : model.coefficient(index, row)
        }
        let total = coefficients.reduce(0, +)
        return zip(row.logits, coefficients).map { p, coefficient in
          (total - (coefficient == 0 ? 0 : coefficient * sum / p)) / sum
        }
      }
    ]
  }

  fileprivate static let knownClippings = [
    1e-7, 1e-8, 1e-12, 1e-15, 1e-16, 1e-6, 1e-5, 1e-4, 1e-10, 1e-3,
  ]

  /// The ε of clippings in use, and the one that the largest losses, or gradients, suggest.
  fileprivate var clippings: [Double] {
    let tops = rows.flatMap { row in
      zip(row.computed, row.exact).compactMap { computed, exact in
        let size = computed.magnitude
        return size.isFinite && size > 1 && exact.magnitude > 1.05 * size ? size : nil
      }
    }
    guard let top = tops.max() else { return Self.knownClippings }
    return [function.isGradient ? 1 / top : exp(-top)] + Self.knownClippings
  }
}
