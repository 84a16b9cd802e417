extension Family {
  /// Rows whose last columns are padding, as of a vocabulary that is rounded up for its kernel: masked
  /// there, and beside them normal logits, or equal ones below 0, the label at an end of what is none.
  /// What breaks is padding that counts, or that a target is looked for in.
  public static let paddedColumns = Family(
    name: "padded-columns", purpose: "rows whose last columns are padding, masked",
    hasSpecialValues: true, classCounts: widths.map(\.padded), count: 2 * widths.count
  ) { draft, _ in
    let width = widths.first { $0.padded == draft.logitCount }
    let used = width?.used ?? draft.logitCount
    let places = [0, used - 1, used / 2]
    draft.target(label: draft.choices.element(of: places))
    let padding = draft.maskValue()
    let isEven = draft.choices.choice(below: 2) == 1
    let level = draft.number(-20)
    draft.drawLogits { draft in
      if draft.logits.count >= used { return padding }
      return isEven ? level : draft.number(2 * draft.choices.steppedNormal())
    }
  }

  /// The classes that are used, and what they are padded to.
  private static let widths: [(used: Int, padded: Int)] = [
    (10, 16), (1000, 1024), (32_001, 32_064), (50_257, 50_304), (151_643, 151_936),
  ]
}
