internal import FloatFormats
internal import LossFunctions

extension Family {
  /// Probabilities of 0 and 1, their neighbours, the least numbers, and those where implementations clip: the
  /// unit roundoff, Keras' 1e−7, XGBoost's 1e−16, LightGBM's 1e−15 and PyTorch's e^−100, from either end. What breaks
  /// takes 1 − p before the logarithm, clips, or multiplies log 0 by 0.
  public static let probabilityEdge = Family(
    name: "probability-edge",
    purpose: "probabilities of 0, 1, next to them, and where formulas are clipped",
    suits: { $0.input != .logits }
  ) { draft in
    let label = draft.classOrSide()
    draft.target(label: label)
    draft.holdsProbabilities = true
    let edges = draft.edges { draft in
      let unit = draft.format.unitRoundoff
      let clips = [unit, 2 * unit, 1e-7, 1e-15, 1e-16, 3.720_075_976_020_836e-44, 0.5]
      return [0, draft.one, 1] + clips.flatMap { [draft.number($0), draft.number(1 - $0)] }
    }
    let isAtOne = draft.isBinary && label == 0
    let edge = draft.choices.element(of: edges)
    // Of a hard label 0 the probability is that of the other side.
    var p = draft.probability(draft.neighbour(of: edge, within: 3))
    if !isAtOne, draft.choices.oneIn(2) { p = draft.number(1 - draft.double(p)) }
    guard !draft.isBinary else {
      draft.logits.append(p)
      return
    }
    // The others share the rest, mostly evenly, or have nothing.
    let rest = draft.number((1 - draft.double(p)) / Double(max(draft.logitCount - 1, 1)))
    draft.drawLogits { draft in
      if draft.logits.count == label { return p }
      return draft.choices.choice(below: 4) == 3 ? 0 : rest
    }
  }
}
