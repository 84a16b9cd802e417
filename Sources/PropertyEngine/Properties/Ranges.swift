internal import FloatFormats
internal import LossFunctions

// Where values lie. A rounding keeps to a range whose ends are numbers of the format, and nothing
// excuses code that leaves it: no error is allowed.

extension Property {
  /// Sigmoid, softplus, softmax, the losses, entropies and divergences are at least 0.
  public static let nonNegative = Property(
    "non-negative", "outputs are at least 0",
    of: [
      .sigmoid, .softplus, .softmax, .binaryCrossEntropy, .crossEntropy, .entropy, .klDivergence,
      .jsDivergence,
    ]
  ) { _, context in
    .everyOutput(context, "below 0") { !$0.isNegative || $0.isZero }
  }

  /// Logarithms of probabilities are at most 0.
  public static let nonPositive = Property(
    "non-positive", "outputs are at most 0", of: [.logSigmoid, .logSoftmax]
  ) { _, context in
    .everyOutput(context, "above 0") { $0.isNegative || $0.isZero }
  }

  /// Probabilities are at most 1.
  public static let atMostOne = Property(
    "at-most-one", "outputs are at most 1", of: [.sigmoid, .softmax]
  ) { _, context in
    .everyOutput(context, "above 1") { !FloatValue.one.isLess(than: $0) }
  }

  /// With a hard label the derivative is at most 0 for the true class, else at least 0, and at most 1
  /// in magnitude.
  public static let gradientSigns = Property(
    "gradient-signs", "the gradient is in [-1, 0] for the true class and in [0, 1] for others",
    of: [.binaryCrossEntropyGradient, .crossEntropyGradient]
  ) { input, context in
    guard input.gradOutput.isEmpty, let label = input.hardLabel(for: context.function) else {
      return nil
    }
    return Examination(related: []) { outputs in
      for (index, output) in outputs[0].enumerated() {
        let isTrue = context.function.isBinary ? label == 1 : index == label
        let hasSign = output.isZero || output.isNegative == isTrue
        if !hasSign || FloatValue.one.isLess(than: output.magnitude) {
          return Violation(
            message: "output \(index) is \(context.format.shortestDecimal(output))",
            excess: .infinity)
        }
      }
      return nil
    }
  }
}

extension Examination {
  fileprivate static func everyOutput(
    _ context: PropertyContext, _ message: String, _ isRight: @escaping (FloatValue) -> Bool
  ) -> Examination {
    Examination(related: []) { outputs in
      guard let wrong = outputs[0].first(where: { !isRight($0) }) else { return nil }
      return Violation(
        message: "\(context.format.shortestDecimal(wrong)) is \(message)", excess: .infinity)
    }
  }
}

extension LossInput {
  /// The class, or 0 and 1 for a binary target of just these; nil for others.
  func hardLabel(for function: LossFunction) -> Int? {
    switch target {
    case .index(let label): label
    case .probabilities(let values) where function.isBinary:
      if values == [.one] { 1 } else if values.first?.isZero == true { 0 } else { nil }
    case .none, .probabilities, .logits: nil
    }
  }

  /// The same target and `grad_output` with other logits.
  func with(logits: [FloatValue]) -> LossInput {
    LossInput(logits: logits, target: target, gradOutput: gradOutput)
  }
}
