internal import FloatFormats

extension Family {
  /// Logits, or differences from one that leads, whose exponential is subnormal: so is the loss of a
  /// right answer, and the probability of a wrong one. The exact value has few digits there; hardware
  /// and libraries that take subnormals for 0 have none.
  public static let subnormalResults = Family(
    name: "subnormal-results", purpose: "logits and differences whose exponential is subnormal"
  ) { draft in
    let label = draft.classOrSide()
    draft.target(label: label)
    let edges = ExponentialEdges.of(draft.format).underflow
    let (near, far) = (-edges[0].double, -edges[2].double)
    // Mostly the answer is right.
    let isRight = draft.choices.choice(below: 4) < 3
    guard !draft.isBinary else {
      let depth = near + (far - near) * draft.choices.fraction()
      draft.logits.append(draft.number((label == 1) == isRight ? depth : -depth))
      return
    }
    let leader = isRight ? label : draft.anyClass()
    draft.drawLogits { draft in
      draft.logits.count == leader
        ? 0 : draft.number(-(near + (far - near) * draft.choices.fraction()))
    }
  }
}
