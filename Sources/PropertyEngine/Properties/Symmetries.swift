internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

// What does not change the value, or changes it in a known way.

extension Property {
  /// A shift of all logits by a number with which every sum is exact.
  public static let shiftInvariant = Property(
    "shift-invariant", "a shift of all logits changes nothing (log-sum-exp by as much)",
    of: [
      .logSumExp, .softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient,
      .logSumExpGradient, .softmaxGradient, .logSoftmaxGradient, .entropy, .entropyGradient,
      .klDivergence, .klDivergenceGradient, .jsDivergence, .jsDivergenceGradient,
    ]
  ) { input, context in
    guard let (shift, logits) = context.format.exactShift(of: input.logits) else { return nil }
    return Examination(related: [input.with(logits: logits)]) { outputs in
      let amount = context.format.shortestDecimal(shift)
      guard context.function == .logSumExp else {
        return context.difference(outputs[0], outputs[1], "changed by a shift of \(amount)")
      }
      var balance = Balance(context)
      balance.add(outputs[1][0])
      balance.add(outputs[0][0], times: -1)
      balance.add(exactly: shift, times: -1)
      return balance.violationUnlessZero("a shift of \(amount) changes it by another number")
    }
  }

  /// The classes in reverse order.
  public static let permutable = Property(
    "permutable", "the classes' order does not matter",
    of: [
      .logSumExp, .softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient,
      .logSumExpGradient, .softmaxGradient, .logSoftmaxGradient, .entropy, .entropyGradient,
      .klDivergence, .klDivergenceGradient, .jsDivergence, .jsDivergenceGradient,
      .shardPartials, .mergedCrossEntropy,
    ]
  ) { input, context in
    let count = input.logits.count
    guard count > 1 else { return nil }
    let target: Target =
      switch input.target {
      case .none: .none
      // That of another shard stays there.
      case .index(let label): .index(label < 0 ? label : count - 1 - label)
      case .probabilities(let values), .logits(let values): input.target.with(values.reversed())
      }
    // Of shards the sums come first, then the logits of the target.
    let numbers =
      context.function.gradOutputKind == .partials
      ? input.gradOutput.prefix(count).reversed() + input.gradOutput.dropFirst(count).reversed()
      : input.gradOutput.reversed()
    let reversed = LossInput(
      logits: input.logits.reversed(), target: target, gradOutput: numbers)
    return Examination(related: [reversed]) { outputs in
      let restored = context.function.hasOutputPerClass ? outputs[1].reversed() : outputs[1]
      return context.difference(outputs[0], restored, "changed by the order of the classes")
    }
  }
}

extension Property {
  /// `grad_output` doubled, and of the other sign: a gradient is linear in it, and both are exact.
  public static let linearInGradOutput = Property(
    "linear-in-grad-output",
    "twice grad_output gives twice the gradient, its negative the negative",
    of: [
      .sigmoidGradient, .logSigmoidGradient, .softplusGradient, .logSumExpGradient,
      .softmaxGradient, .logSoftmaxGradient, .binaryCrossEntropyGradient, .crossEntropyGradient,
      .entropyGradient, .klDivergenceGradient, .jsDivergenceGradient,
    ]
  ) { input, context in
    guard !input.gradOutput.isEmpty else { return nil }
    let doubled = input.gradOutput.map { $0.scaled(byPowerOfTwo: 1) }
    guard doubled.allSatisfy(context.format.contains) else { return nil }
    let related = [doubled, input.gradOutput.map(\.negated)].map {
      LossInput(logits: input.logits, target: input.target, gradOutput: $0)
    }
    return Examination(related: related) { outputs in
      for (index, output) in outputs[0].enumerated() {
        for (other, factor) in [(outputs[1][index], -2.0), (outputs[2][index], 1)] {
          var balance = Balance(context)
          balance.add(other)
          balance.add(output, times: factor)
          let message = "output \(index) is not linear in grad_output"
          if let violation = balance.violationUnlessZero(message) { return violation }
        }
      }
      return nil
    }
  }
}

extension FloatFormat {
  /// A number that can be added to all logits without rounding, and the sums; nil where none of a few
  /// can.
  fileprivate func exactShift(
    of logits: [FloatValue]
  ) -> (shift: FloatValue, logits: [FloatValue])? {
    for candidate in [16.0, -16, 1, -1, 256, 0.0625] {
      let shift = FloatValue(candidate)
      guard contains(shift) else { continue }
      let sums = logits.compactMap { exactSum($0, shift) }
      if sums.count == logits.count { return (shift, sums) }
    }
    return nil
  }

  /// a + b; nil where it is no number of the format.
  private func exactSum(_ a: FloatValue, _ b: FloatValue) -> FloatValue? {
    let sum = BigFloat.exactSum(BigFloat(a), BigFloat(b))
    let (below, above) = (rounded(sum, .down), rounded(sum, .up))
    return below.isNumericallyEqual(to: above) && below.isFinite ? below : nil
  }
}
