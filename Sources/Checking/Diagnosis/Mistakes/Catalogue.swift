/// The known mistakes. One more is a file, or an entry in one, and a line here.
public enum Mistakes {
  /// All of them; of two that explain as much, the first is named.
  public static let all: [Mistake] = [
    .signFlipped, .binaryLogarithm, .scaled, .batchMean, .batchSum,
    .activationTwice, .logitsAsProbabilities, .reluFirst, .offByOneLabel,
    .transposedClasses, .softmaxOverRows,
    .smoothingOverOthers, .smoothingIgnored, .ignoredLabelCounted, .weightsIgnored,
    .temperatureUnscaled,
    .clamped, .clipped, .additiveEpsilon, .missingShift, .roundedProbability,
    .chainThroughProbability,
    .outputsCastDown, .inputsCastDown, .narrowAccumulation,
  ]
}
