extension Family {
  /// Each logit of a kind of its own: short or next to that, ordinary, at an edge, huge, any bit
  /// pattern, the one before it again or its neighbour. A defect that takes two kinds in one row, such as a
  /// tie beside an overflow, shows in no family of one kind.
  public static let mixed = Family(
    name: "mixed", purpose: "logits of all kinds in one row: short, ordinary, ties, edges, huge"
  ) { draft in
    draft.drawTarget()
    let edges = draft.edges { draft in
      let edges = ExponentialEdges.of(draft.format)
      return (edges.overflow + edges.underflow).map { draft.encoding($0) }
    }
    draft.drawLogits { draft in
      switch draft.choices.choice(below: 8) {
      case 0: draft.wholeNumber(within: 32)
      case 1: draft.logits.last ?? 0
      case 2: draft.shortNumber()
      case 3: draft.number(8 * draft.choices.steppedNormal())
      case 4: draft.neighbour(of: draft.logits.last ?? draft.plainNumber(), within: 2)
      case 5:
        draft.signed(draft.neighbour(of: draft.choices.element(of: edges), within: 2))
      case 6: draft.anyNumber()
      default: draft.hugeNumber()
      }
    }
  }
}

extension CaseDraft {
  /// A small whole number, or one of few bits.
  fileprivate mutating func plainNumber() -> Encoding {
    choices.choice(below: 2) == 0 ? wholeNumber(within: 4) : shortNumber()
  }
}
