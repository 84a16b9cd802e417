/// The known mistakes. One more is a file, or an entry in one, and a line here.
public enum Mistakes {
  /// All of them; of two that explain as much, the first is named.
  public static let all: [Mistake] = [
    .constantOutput, .firstRowForAll, .labelOfOtherRow,
    .signFlipped, .binaryLogarithm, .batchMean, .batchSum, .otherFunction,
    .temperatureLeftOut, .temperatureUnscaled, .temperatureMisplaced,
    .softcapLeftOut, .scaleLeftOut, .biasLeftOut, .beforeTheLossReordered,
    .chainBeforeTheLossCut, .scaleOutsideGradient,
    .activationTwice, .logitsAsProbabilities, .reluFirst, .logitsNegated, .sigmoidForSoftmax,
    .targetLogitLeftOut,
    .offByOneLabel, .narrowIndex, .transposedClasses, .innerAxisForClasses, .softmaxOverRows,
    .smoothingOverOthers, .smoothingLeftOut, .smoothingMisplaced, .smoothingThoughOff,
    .ignoredLabelCounted,
    .weightsLeftOut, .weightsMisplaced, .positiveWeightMisplaced, .targetSumDropped,
    .squareLeftOut, .squareMisplaced, .squareThoughOff, .focalLeftOut, .focalMisplaced,
    .paddingCounted, .classesLeftOut, .sumCountedTwice, .epsilonInSum, .sumNotRescaled,
    .maximumStart, .maskCounted, .maskMakesNaN,
    .logitsCapped, .logitsScaled, .softplusCutOff, .scaled,
    .clamped, .clipped, .additiveEpsilon, .missingShift, .roundedProbability,
    .chainThroughProbability, .shardWithoutTarget, .targetNotSubtracted,
    .divergenceReversed,
    .upstreamLeftOut, .upstreamRounded, .jacobianLeftOut, .wrongSumOfVJP, .inputForOutput,
    .sharpnessMisplaced,
    .shardSumNotRescaled, .shardTargetMisplaced,
    .outputsCastDown, .inputsCastDown, .narrowProbability, .narrowAccumulation,
    .maximumAddedBack,
  ]
}
