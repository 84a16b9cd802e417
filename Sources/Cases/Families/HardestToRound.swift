internal import FloatFormats
internal import LossFunctions

extension Family {
  /// The logits at which log(1 + e^z) or 1/(1 + e^(−z)) lies nearest to a number of the format or to the
  /// middle of two, and their negatives: where 0, 1, z or 1/2 + z/4 is as good, they are left out.
  ///
  /// In float32 they are all within 2⁻³⁰ ulp, in float64 those within 2⁻⁴⁶ ulp for 1 ≤ z < 1.0625. In bfloat16
  /// they are the pairs within 2⁻³⁸ ulp for the loss, and within 2⁻³⁰ for the gradient. float16 has none.
  ///
  /// Source: `tools/hardest-inputs`, over all 2³² logits or pairs of logits, and 2⁴⁸ logits of float64.
  public static let hardestToRound = Family(
    name: "hardest-to-round",
    purpose: "logits and pairs of them whose losses are nearest to where rounding turns",
    suits: { $0.hardCount > 0 }, count: { $0.hardCount }
  ) { draft, index in
    let pairs = hardPairs(draft.format)
    let pair = pairs[index / 2 % pairs.count]
    draft.target(label: draft.isBinary ? index / (2 * pairs.count) % 2 : 0)
    // The loss of the first of two classes is log(1 + e^z) of their difference z; more classes are so
    // far below that they make no difference.
    let sign: Double = index % 2 == 0 ? 1 : -1
    if draft.logitCount > 1 { draft.logits.append(draft.number(sign * pair.first)) }
    while draft.logits.count < draft.logitCount - 1 { draft.logits.append(draft.number(-1024)) }
    draft.logits.append(draft.number(sign * pair.second))
  }
}

/// Two logits, of which the first is 0 where the second alone is hard.
private typealias Pair = (first: Double, second: Double)

private func pairs(_ logits: [Double]) -> [Pair] { logits.map { (0, $0) } }

/// Those of a format; in formats that have none, the ones of float32, for no end but a valid case.
private func hardPairs(_ format: FloatFormat) -> [Pair] {
  switch format {
  case .float64: hardDoubles
  case .bfloat16: hardBFloatPairs
  default: hardFloats
  }
}

private let hardFloats = pairs([
  // Of log(1 + e^z).
  0x1.082e3p-23, 0x1.d483ap-12, 0x1.eebbbp-4,
  // Of 1/(1 + e^(−z)).
  0x1.250c02p-10, 0x1.437902p-5, 0x1.22601ep-4,
])

private let hardDoubles = pairs([
  // Of log(1 + e^z).
  0x1.01041fe00f106p+0, 0x1.03cc70518d5f3p+0, 0x1.04a382ab237e5p+0, 0x1.06d0e687dfab7p+0,
  0x1.0764360af9f87p+0, 0x1.08b76992de674p+0, 0x1.08f6b7bf432dep+0, 0x1.0935309180939p+0,
  0x1.0a7ba236b2c93p+0, 0x1.0bd7ef416e4a2p+0, 0x1.0c5a43ccd5c3p+0, 0x1.0c98aeaea880bp+0,
  0x1.0dafd58d8e9cp+0, 0x1.0e233748b6b4bp+0, 0x1.0e378bbac1b55p+0, 0x1.0f509172e691p+0,
  // Of 1/(1 + e^(−z)).
  0x1.001b596bb6fdcp+0, 0x1.02a4b34ac8625p+0, 0x1.05c64cd889482p+0, 0x1.0742dd9aa4eacp+0,
  0x1.0939df876f2e8p+0, 0x1.09a187444160cp+0, 0x1.0a932cd70db18p+0, 0x1.0c2c912a65a6p+0,
  0x1.0d9fd4113d3ebp+0, 0x1.0e9652530fd74p+0,
])

private let hardBFloatPairs: [Pair] = [
  // Of log(1 + e^z), z their difference: what the small one adds, e^(−z) takes away.
  (0x1.74p-33, 0x1.68p+4), (0x1.f4p-30, 0x1.42p+4), (0x1.22p-33, 0x1.6cp+4),
  (0x1.dep-33, 0x1.64p+4), (0x1.48p-33, 0x1.6ap+4), (0x1.8ap-32, 0x1.5cp+4),
  (0x1.a6p-33, 0x1.66p+4), (0x1.7p-31, 0x1.52p+4), (0x1.bep-32, 0x1.5ap+4),
  (0x1.fap-32, 0x1.58p+4), (0x1.5cp-32, 0x1.5ep+4),
  // Of 1/(1 + e^(−z)).
  (0x1.2p-23, -0x1.8p-7),
]

extension CaseShape {
  fileprivate var hardCount: Int {
    // No one logit of a 16-bit format is hard.
    let wide: [FloatFormat] = [.float32, .float64]
    guard wide.contains(format) || (format == .bfloat16 && !function.isBinary) else { return 0 }
    return 2 * hardPairs(format).count * (function.isBinary && function.hasTarget ? 2 : 1)
  }
}
