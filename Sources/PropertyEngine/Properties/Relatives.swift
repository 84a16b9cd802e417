internal import FloatFormats
package import LossFunctions
internal import Multiprecision

// What relates the outputs of two implementations: a loss and one that it is a case of.

extension Property {
  /// The loss of one logit z is that of the two classes (0, z), and so is its gradient.
  public static let twoClass = Property(
    "two-class", "the binary loss of z is the loss of the two classes 0 and z",
    of: [.binaryCrossEntropy, .binaryCrossEntropyGradient]
  ) { input, context in
    guard let logit = input.logits.first, var row = Self.pair(logit, input.target) else {
      return nil
    }
    row.gradOutput = input.gradOutput
    return Examination(related: [row]) { outputs in
      guard let binary = outputs[0].first, let pair = outputs[1].last else { return nil }
      return context.difference(binary, pair, "differs from that of two classes")
    }
  }

  /// With label smoothing the loss lies between that of the label and that of the uniform target,
  /// the mean over the labels.
  public static let smoothingBetween = Property(
    "smoothing-between", "a smoothed loss lies between that of the label and the mean over labels",
    of: [.crossEntropy]
  ) { input, context in
    guard case .index(let label) = input.target else { return nil }
    let count = input.logits.count
    // The rows of hard targets, as probabilities: `CombinedSubject` sends those to the plain loss.
    let rows = (0..<count).map { input.oneHot($0) }
    return Examination(related: rows) { outputs in
      let smoothed = outputs[0][0]
      let plain = outputs.dropFirst().map { $0[0] }
      var mean = Balance(context)
      for loss in plain { mean.add(loss) }
      mean.add(smoothed, times: -Double(count))
      var meanOverLabel = Balance(context)
      for loss in plain { meanOverLabel.add(loss) }
      meanOverLabel.add(plain[label], times: -Double(count))
      let isRising = meanOverLabel.isPositive
      // Where the mean is the greater, the label's loss is the lower end.
      let text = context.format.shortestDecimal(smoothed)
      let end =
        isRising
        ? context.excess(plain[label], over: smoothed, "the label's loss is beyond")
        : context.excess(smoothed, over: plain[label], "the smoothed loss is beyond the label's")
      return end
        ?? (isRising
          ? mean.violationIfNegative("\(text) is above the mean over the labels")
          : mean.violationIfPositive("\(text) is below the mean over the labels"))
    }
  }

  /// The row of two classes for a logit and a hard label; nil for a soft one.
  private static func pair(_ logit: FloatValue, _ target: Target) -> LossInput? {
    guard case .probabilities(let values) = target, let y = values.first else { return nil }
    if y.isZero { return LossInput(logits: [.zero, logit], target: .index(0)) }
    return y == .one ? LossInput(logits: [.zero, logit], target: .index(1)) : nil
  }
}

extension LossInput {
  /// The row with a hard target, written as probabilities.
  func oneHot(_ label: Int) -> LossInput {
    LossInput(
      logits: logits, target: .probabilities(logits.indices.map { $0 == label ? .one : .zero }))
  }

  /// The row with the target that `oneHot` was made from; nil for any other.
  package var withHardLabel: LossInput? {
    guard case .probabilities(let values) = target, logits.count == values.count,
      let label = values.firstIndex(of: .one)
    else { return nil }
    return LossInput(logits: logits, target: .index(label))
  }
}
