public import Cases
internal import FloatFormats
public import LossFunctions
public import Losses
internal import Reference
public import Verification

extension Implementation {
  /// The output with the largest error on a row, and that error; nil where there is no answer.
  public func worstError(_ input: LossInput, _ shape: CaseShape) -> Witness? {
    guard let outputs = evaluate(input, in: shape.format),
      let exact = try? Reference().evaluate(
        shape.function, input, options: options(classCount: input.logits.count), in: shape.format)
    else { return nil }
    var statistics = ErrorTally()
    statistics.observe(index: -1, input, computed: outputs, exact: exact)
    return statistics.worst
  }
}
