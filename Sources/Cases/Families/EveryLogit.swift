internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Every finite number of a format of at most 16 bits as the logit of a binary function, with both
  /// labels where it has any. What holds on all of them holds.
  public static let everyLogit = Family(
    name: "every-logit", purpose: "every finite logit of a format of at most 16 bits, both labels",
    suits: { $0.logitCaseCount > 0 }, count: { $0.logitCaseCount }
  ) { draft, index in
    draft.target(label: draft.isBinary ? index / draft.format.finiteNumberCount % 2 : 0)
    // A logit is the last of classes of which the others have 0, if it is not of a binary function.
    draft.logits.append(contentsOf: repeatElement(0, count: draft.logitCount - 1))
    draft.logits.append(draft.finiteNumber(index))
  }
}

extension CaseShape {
  fileprivate var logitCaseCount: Int {
    guard function.isBinary, format.bitCount <= 16 else { return 0 }
    return format.finiteNumberCount * (function.hasTarget ? 2 : 1)
  }
}
