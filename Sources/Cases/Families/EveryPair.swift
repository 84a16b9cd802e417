internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Every pair of finite numbers of a format of at most 8 bits as a row of two classes, of which the
  /// first is the target: the pairs turned around are cases of the second.
  public static let everyPair = Family(
    name: "every-pair", purpose: "every pair of finite logits of a format of at most 8 bits",
    suits: { $0.pairCount > 0 }, count: { $0.pairCount }
  ) { draft, index in
    draft.target(label: 0)
    let count = draft.format.finiteNumberCount
    draft.logits.append(draft.finiteNumber(index / count))
    if !draft.isBinary { draft.logits.append(draft.finiteNumber(index % count)) }
  }
}

extension CaseShape {
  fileprivate var pairCount: Int {
    guard !function.isBinary, format.bitCount <= 8 else { return 0 }
    return format.finiteNumberCount * format.finiteNumberCount
  }
}
