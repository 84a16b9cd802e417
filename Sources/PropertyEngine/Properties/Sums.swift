internal import FloatFormats
internal import LossFunctions

// What outputs add up to.

extension Property {
  /// Σ softmaxᵢ = 1.
  public static let sumsToOne = Property(
    "sums-to-one", "the softmax adds up to 1", of: [.softmax]
  ) { _, context in
    Examination(related: []) { outputs in
      var balance = Balance(context)
      for output in outputs[0] { balance.add(output) }
      balance.add(exactly: .one, times: -1)
      return balance.violationUnlessZero("the softmax does not add up to 1")
    }
  }

  /// Σ ∂L/∂xᵢ = 0, for the loss does not change where all logits are shifted.
  public static let gradientSumsToZero = Property(
    "gradient-sums-to-zero", "the gradient adds up to 0",
    of: [
      .crossEntropyGradient, .softmaxGradient, .logSoftmaxGradient, .entropyGradient,
      .klDivergenceGradient, .jsDivergenceGradient,
    ]
  ) { _, context in
    Examination(related: []) { outputs in
      var balance = Balance(context)
      for output in outputs[0] { balance.add(output) }
      return balance.violationUnlessZero("the gradient does not add up to 0")
    }
  }

  /// σ(z) + σ(−z) = 1.
  public static let complementary = Property(
    "complementary", "sigmoid(z) + sigmoid(-z) = 1", of: [.sigmoid]
  ) { input, context in
    Examination(related: [input.with(logits: input.logits.map(\.negated))]) { outputs in
      var balance = Balance(context)
      for output in outputs { balance.add(output[0]) }
      balance.add(exactly: .one, times: -1)
      return balance.violationUnlessZero("sigmoid(z) + sigmoid(-z) is not 1")
    }
  }

  /// log(1 + e^z) − log(1 + e^(−z)) = z.
  public static let softplusDifference = Property(
    "softplus-difference", "softplus(z) - softplus(-z) = z", of: [.softplus]
  ) { input, context in
    Examination(related: [input.with(logits: input.logits.map(\.negated))]) { outputs in
      var balance = Balance(context)
      balance.add(outputs[0][0])
      balance.add(outputs[1][0], times: -1)
      balance.add(exactly: input.logits[0], times: -1)
      return balance.violationUnlessZero("softplus(z) - softplus(-z) is not z")
    }
  }
}
