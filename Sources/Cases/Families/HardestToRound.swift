internal import FloatFormats
internal import LossFunctions

extension Family {
  /// The float32 logits at which log(1 + e^z) or 1/(1 + e^(−z)) lies within 2⁻³⁰ ulp of a number or of
  /// the middle of two, and their negatives: all there are, but for those where 0, 1, z or 1/2 + z/4 is
  /// as good. A function that rounds correctly needs 58 bits there.
  ///
  /// Source: `tools/hardest-inputs`, over all 2³² logits.
  public static let hardestToRound = Family(
    name: "hardest-to-round",
    purpose: "float32 logits whose softplus or sigmoid is nearest to where rounding turns",
    suits: { $0.hardCount > 0 }, count: { $0.hardCount }
  ) { draft, index in
    let z = hardLogits[index / 2 % hardLogits.count]
    draft.target(label: draft.isBinary ? index / (2 * hardLogits.count) % 2 : 0)
    // The loss of the first of two classes is log(1 + e^z) of their difference z.
    draft.logits.append(contentsOf: repeatElement(0, count: draft.logitCount - 1))
    draft.logits.append(draft.number(index % 2 == 0 ? z : -z))
  }
}

private let hardLogits: [Double] = [
  // Of log(1 + e^z).
  0x1.082e3p-23, 0x1.d483ap-12, 0x1.eebbbp-4,
  // Of 1/(1 + e^(−z)).
  0x1.250c02p-10, 0x1.437902p-5, 0x1.22601ep-4,
]

extension CaseShape {
  fileprivate var hardCount: Int {
    guard format == .float32 else { return 0 }
    return 2 * hardLogits.count * (function.isBinary && function.hasTarget ? 2 : 1)
  }
}
