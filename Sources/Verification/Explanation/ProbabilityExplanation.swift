public import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference

extension Explanation {
  /// The binary cross-entropy of a probability: as textbooks write it, clipped, clamped, and with log1p.
  ///
  /// The gradient is that by the probability.
  /// - Throws: Where the format has no arithmetic, or the target is not a probability.
  public static func probability(
    _ probability: FloatValue, target: FloatValue, in format: FloatFormat
  ) throws(ExplanationError) -> Explanation {
    guard let type = format.scalarType else { throw .formatWithoutArithmetic(format) }
    let input = LossInput(logits: [probability], target: .probabilities([target]))
    var options = LossOptions()
    options.input = .probabilities
    do {
      let (certified, exact) = try exact(
        .binaryCrossEntropy, .binaryCrossEntropyGradient, named: "gradient by p", of: input,
        options: options, in: format)
      func sections<T: LossScalar>(_ type: T.Type) -> [Section] {
        let (p, y) = (T(probability), T(target))
        return [
          .init(
            title: "As textbooks have it: -(y log p + (1 - y) log(1 - p))",
            steps: asWritten(p, y, certified)),
          .init(
            title: "Clipped to [1e-7, 1 - 1e-7], as Keras has it",
            steps: clipped(p, y, certified)),
          .init(
            title: "With log1p, as PyTorch has it, but for its clamp at -100",
            steps: direct(p, y, certified)),
        ]
      }
      let texts = [probability, target].map(format.shortestDecimal)
      return Explanation(
        title: "binary cross-entropy of p = \(texts[0]), y = \(texts[1]) in \(format)",
        sections: sections(type) + [exact])
    } catch {
      throw .reference(error)
    }
  }

  private static func asWritten<T: LossScalar>(
    _ p: T, _ y: T, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    let rest = recorder.onePlus("1 - p", -p, named: "p")
    let logP = recorder.record("log p", T.log(p))
    let logRest = recorder.record("log(1 - p)", T.log(rest), rest == 0 ? "p is 1" : nil)
    recorder.result("loss", -(y * logP + (1 - y) * logRest), exact: exact[0])
    recorder.result("gradient (p - y)/(p (1 - p))", (p - y) / (p * rest), exact: exact[1])
    return recorder.steps
  }

  private static func clipped<T: LossScalar>(
    _ p: T, _ y: T, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    let low: T = T(1e-7)
    let high: T = recorder.record("1 - 1e-7", T(1 - 1e-7))
    let q = T.minimum(T.maximum(p, low), high)
    _ = recorder.record("q = clip(p)", q, q == p ? nil : "p is clipped, and its gradient is 0")
    recorder.result(
      "loss", LogBinaryOfProbability().value(logit: q, target: y), exact: exact[0])
    return recorder.steps
  }

  private static func direct<T: LossScalar>(
    _ p: T, _ y: T, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    _ = recorder.record("log p", T.log(p), y == 0 ? "does not count" : nil)
    _ = recorder.record("log1p(-p)", T.log(onePlus: -p), y == 1 ? "does not count" : nil)
    recorder.result(
      "loss", DirectBinaryOfProbability().value(logit: p, target: y), exact: exact[0])
    recorder.result(
      "gradient -y/p + (1 - y)/(1 - p)",
      QuotientBinaryGradientOfProbability().value(logit: p, target: y), exact: exact[1])
    return recorder.steps
  }
}
