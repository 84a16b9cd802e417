public import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference

extension Explanation {
  /// The binary cross-entropy of one logit, through the probability and from the logit.
  ///
  /// - Throws: Where the format has no arithmetic, or the target is not a probability.
  public static func binary(
    logit: FloatValue, target: FloatValue, in format: FloatFormat
  ) throws(ExplanationError) -> Explanation {
    guard let type = format.scalarType else { throw .formatWithoutArithmetic(format) }
    let input = LossInput(logits: [logit], target: .probabilities([target]))
    do {
      let (certified, exact) = try exact(
        .binaryCrossEntropy, .binaryCrossEntropyGradient, of: input, in: format)
      func sections<T: LossScalar>(_ type: T.Type) -> [Section] {
        let (z, y) = (T(logit), T(target))
        return [
          .init(
            title: "Through the probability: -(y log p + (1 - y) log(1 - p))",
            steps: throughProbability(z, y, certified)),
          .init(
            title: "From the logit: max(z, 0) - z y + log1p(e^-|z|)",
            steps: fromLogit(z, y, certified)),
        ]
      }
      let texts = [logit, target].map(format.shortestDecimal)
      return Explanation(
        title: "binary cross-entropy of z = \(texts[0]), y = \(texts[1]) in \(format)",
        sections: sections(type) + [exact])
    } catch {
      throw .reference(error)
    }
  }

  private static func throughProbability<T: LossScalar>(
    _ z: T, _ y: T, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    let exponential = recorder.exponential("e^-z", of: -z)
    let sum = recorder.onePlus("1 + e^-z", exponential, named: "e^-z")
    let p = recorder.record("p = 1/(1 + e^-z)", 1 / sum)
    let rest = recorder.onePlus("1 - p", -p, named: "p")
    let logP = recorder.record("log p", T.log(p), p == 0 ? "p has become 0" : nil)
    let logRest = recorder.record(
      "log(1 - p)", T.log(rest), rest == 0 ? "p has become 1" : nil)
    let loss = -(y * logP + (1 - y) * logRest)
    recorder.result("loss", loss, exact: exact[0])
    let byP = recorder.record(
      "dL/dp = -y/p + (1-y)/(1-p)", -y / p + (1 - y) / rest)
    let slope = recorder.record("dp/dz = p (1 - p)", p * rest)
    recorder.result("gradient dL/dp dp/dz", byP * slope, exact: exact[1])
    return recorder.steps
  }

  private static func fromLogit<T: LossScalar>(
    _ z: T, _ y: T, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    let head = recorder.record("max(z, 0) - z y", T.maximum(z, 0) - z * y)
    let exponential = recorder.exponential("e^-|z|", of: -z.magnitude)
    let tail = recorder.record("log1p(e^-|z|)", T.log(onePlus: exponential))
    recorder.result("loss", head + tail, exact: exact[0])
    let sigmoid = recorder.record(
      "sigmoid(z)", TwoCaseSigmoid().value(logit: z, target: y))
    recorder.result("gradient sigmoid(z) - y", sigmoid - y, exact: exact[1])
    return recorder.steps
  }
}
