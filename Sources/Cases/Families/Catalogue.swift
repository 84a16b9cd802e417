public import LossFunctions

/// The families of cases.
public enum Families {
  /// Families of random cases without end, of finite logits: ordinary ones first, then those at the
  /// edges of a formula, of a row's structure, and of the format.
  public static let random: [Family] = [
    .uniform,
    .normal,
    .bitPattern,
    .hugeMagnitude,
    .ties,
    .nearTies,
    .confident,
    .confidentAndWrong,
    .overflowEdge,
    .underflowEdge,
    .saturationEdge,
    .argumentReduction,
    .largeOffset,
    .alternatingSigns,
    .sorted,
    .subnormals,
    .subnormalResults,
    .fewBits,
    .mixed,
    .softTargets,
    .probabilityEdge,
    .gradOutputs,
    .nearlyEqualRows,
    .opposedRows,
  ]

  /// Families of rows as kernels meet them, masked and low ones, without end.
  public static let masked: [Family] = [
    .masks, .lowestLogits, .cancellingGradOutputs, .shards, .maskedTargetLogits,
  ]

  /// Families of few, costly cases: rows of up to 256,000 classes.
  public static let large: [Family] = [
    .dominantClass, .vocabularies, .blockEdges, .maskedBlocks, .paddedColumns,
  ]

  /// Families of losses that are worst where they are added up, for checks of batches.
  public static let sums: [Family] = [.overflowingSums, .unevenSums]

  /// Families of logits under a soft cap.
  public static let capped: [Family] = [.softcapEdge]

  /// Families of losses whose soft labels are given as logits.
  public static let distilled: [Family] = [.softLabelsFromLogits]

  /// The families of what losses are asked for: what a check without a choice of families goes through.
  public static let ordinary: [Family] = random + masked + [.manyRows] + large

  /// Families of infinite and NaN logits, which are judged apart.
  public static let special: [Family] = [.infinities, .nan, .specialGradOutputs]

  /// Families of all cases that there are, in formats where they can be counted through.
  public static let exhaustive: [Family] = [.everyLogit, .everyPair, .hardestToRound]

  /// All of them.
  public static let all: [Family] = ordinary + sums + capped + distilled + special + exhaustive

  /// What a check without a choice of families goes through: the ordinary ones and those of special values,
  /// and what the options ask for.
  public static func checked(_ options: LossOptions) -> [Family] {
    ordinary + (options.softcap == nil ? [] : capped) + special
  }

  /// The family with a name.
  public static func named(_ name: String) -> Family? { all.first { $0.name == name } }
}
