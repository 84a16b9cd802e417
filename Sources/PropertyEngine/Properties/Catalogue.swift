internal import LossFunctions

/// The properties.
public enum Properties {
  /// All of them.
  public static let all: [Property] = [
    .nonNegative, .nonPositive, .atMostOne, .gradientSigns, .sumsToOne, .gradientSumsToZero,
    .shiftInvariant, .permutable, .linearInGradOutput, .monotone, .keepsArgmax, .complementary,
    .softplusDifference,
    .convex,
  ]

  /// Those that relate two implementations: to be asked of a `CombinedSubject`.
  public static let ofPairs: [Property] = [.twoClass, .smoothingBetween]
}
