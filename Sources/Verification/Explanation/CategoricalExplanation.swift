public import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
internal import Reference

extension Explanation {
  /// The cross-entropy of a row and a class index: through the probabilities, from the logits, and with
  /// the greatest logit's e^0 = 1 left out of the sum.
  ///
  /// The gradient is that by the target's logit.
  /// - Throws: Where the format has no arithmetic, or the label indexes no class.
  public static func categorical(
    logits: [FloatValue], label: Int, in format: FloatFormat
  ) throws(ExplanationError) -> Explanation {
    guard let type = format.scalarType else { throw .formatWithoutArithmetic(format) }
    let input = LossInput(logits: logits, target: .index(label))
    do {
      let (certified, exact) = try exact(
        .crossEntropy, .crossEntropyGradient, named: "gradient by x_t", at: label, of: input,
        in: format)
      func sections<T: LossScalar>(_ type: T.Type) -> [Section] {
        let x = logits.map { T($0) }
        return [
          .init(
            title: "Through the probabilities: p = e^x / sum e^x, then -log p_t",
            steps: throughProbabilities(x, label, certified)),
          .init(
            title: "From the logits: log(sum e^(x - max)) - (x_t - max)",
            steps: fromLogits(x, label, certified)),
          .init(
            title: "Keeping the digits: (max - x_t) + log1p(S), S = sum e^(x - max) of the others",
            steps: besideTheGreatest(x, label, certified)),
        ]
      }
      let shown = logits.prefix(6).map(format.shortestDecimal).joined(separator: ", ")
      let row = "[\(shown)\(logits.count > 6 ? ", …" : "")]"
      return Explanation(
        title: "cross-entropy of x = \(row), t = \(label) in \(format)",
        sections: sections(type) + [exact])
    } catch {
      throw .reference(error)
    }
  }

  private static func throughProbabilities<T: LossScalar>(
    _ x: [T], _ t: Int, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    let exponential = recorder.exponential("e^x_t", of: x[t])
    var sum: T = 0
    for logit in x { sum += T.exp(logit) }
    let total = recorder.record("sum e^x", sum, sum == .infinity ? "overflows" : nil)
    let p = recorder.record(
      "p_t", exponential / total,
      total == .infinity || total == 0 ? "of \(exponential)/\(total)" : nil)
    recorder.result("loss -log p_t", -T.log(p), exact: exact[0])
    let byP = recorder.record("dL/dp_t = -1/p_t", -1 / p)
    let slope = recorder.record("dp_t/dx_t = p_t (1 - p_t)", p * (1 - p))
    recorder.result("gradient by x_t", byP * slope, exact: exact[1])
    return recorder.steps
  }

  private static func fromLogits<T: LossScalar>(
    _ x: [T], _ t: Int, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    var maximum = x[0]
    for logit in x { maximum = T.maximum(maximum, logit) }
    _ = recorder.record("max", maximum)
    let difference = recorder.record("x_t - max", x[t] - maximum)
    var (sum, others): (T, T) = (0, 0)
    var isFirst = true
    for logit in x {
      let term = T.exp(logit - maximum)
      sum += term
      if logit == maximum, isFirst { isFirst = false } else { others += term }
    }
    let isLost = sum == 1 && others != 0
    _ = recorder.record(
      "sum e^(x - max)", sum, isLost ? "the other classes' \(others) is lost beside 1" : nil)
    let logarithm = recorder.record("log sum", T.log(sum))
    recorder.result("loss", logarithm - difference, exact: exact[0])
    let p = recorder.record("p_t = e^(x_t - max) / sum", T.exp(difference) / sum)
    recorder.result("gradient p_t - 1", p - 1, exact: exact[1])
    return recorder.steps
  }

  /// The practical form without its compensated sums: log1p never adds the others' sum to 1.
  private static func besideTheGreatest<T: LossScalar>(
    _ x: [T], _ t: Int, _ exact: [CertifiedValue]
  ) -> [Step] {
    var recorder = StepRecorder<T>()
    var greatest = 0
    for index in x.indices where x[index] > x[greatest] { greatest = index }
    let maximum = recorder.record("max", x[greatest])
    let distance = recorder.record("max - x_t", t == greatest ? 0 : maximum - x[t])
    var sum: T = 0
    for index in x.indices where index != greatest { sum += T.exp(x[index] - maximum) }
    _ = recorder.record("S", sum, sum == 0 && x.count > 1 ? "underflows" : nil)
    let logarithm = recorder.record("log1p(S)", T.log(onePlus: sum))
    recorder.result("loss", distance + logarithm, exact: exact[0])
    if t == greatest {
      recorder.result("gradient -S/(1 + S)", -sum / (1 + sum), exact: exact[1])
    } else {
      let p = recorder.record("p_t = e^(x_t - max)/(1 + S)", T.exp(-distance) / (1 + sum))
      recorder.result("gradient p_t - 1", p - 1, exact: exact[1])
    }
    return recorder.steps
  }
}
