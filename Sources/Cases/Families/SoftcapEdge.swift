internal import FloatFormats

extension Family {
  /// Logits about a soft cap c and far above it: c·tanh(x/c) is next to x for |x| ≪ c, bends at c, and
  /// rounds to c from some nine times c on in float32. The caps are those of models: 15, 30 and 50.
  public static let softcapEdge = Family(
    name: "softcap-edge", purpose: "logits near the soft caps 15, 30 and 50, and far above them"
  ) { draft in
    draft.drawTarget()
    let cap = draft.choices.element(of: [30.0, 50, 15])
    draft.drawLogits { draft in
      let factor =
        switch draft.choices.choice(below: 6) {
        case 0: 1 + draft.choices.steppedNormal() / 64
        case 1: draft.choices.steppedNormal()
        case 2: 8 + draft.choices.steppedNormal()
        case 3: 18 + draft.choices.steppedNormal()
        case 4: 1000 * draft.choices.steppedNormal()
        default: draft.choices.steppedNormal() / 32
        }
      return draft.signed(draft.number(cap * factor))
    }
  }
}
